"""``python -m ivae_theory``: the command line."""

from ivae_theory.cli import main

if __name__ == "__main__":
    main()
