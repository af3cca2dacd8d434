"""What the description of a model proves: exact or enclosed facts that checkers and recheckers share."""
