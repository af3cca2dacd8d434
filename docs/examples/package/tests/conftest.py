"""Register the package's models: the plugin of ivae_theory checks them where a test asks for ``ivae_model``."""


def pytest_ivae_models():
    import segmented

    return {"linear": segmented.linear, "network": segmented.network}
