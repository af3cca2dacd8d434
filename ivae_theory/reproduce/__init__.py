"""The paper's figures, made again: what is run, drawn and tabulated for each."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "run": ["FIGURES", "reproduce"],
        "grids": ["Grid", "full_grid", "quick_grid"],
        "task": ["Task"],
    },
)
