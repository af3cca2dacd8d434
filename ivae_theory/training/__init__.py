"""Train identifiable latent-variable models on data whose truth is known, and say how close to it they came.

Generating data needs NumPy alone; everything that trains needs the extra ``train``. Names load lazily.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "custom": ["ModuleProblem"],
        "diagnostics": ["Diagnosis", "Monitor"],
        "data": ["PRESETS", "Dataset", "Simulation", "simulate"],
        "estimators": ["IVAE", "VAE", "BetaTCVAE"],
        "flow_estimator": ["IdentifiableFlow"],
        "layered_estimator": ["LayeredFlow"],
        "limit": ["Limit", "recovery_limit"],
        "linear": ["LinearControl"],
        "choice": ["LostReplicas"],
        "experiments": ["run_experiment"],
        "outcome": ["Control", "Outcome", "judge"],
        "saving": ["load", "save"],
        "store": ["Run", "Store"],
        "sweeps": ["SweepReport", "sweep"],
        "together": ["fit_together"],
        "variational": ["CollapsedLatents"],
        "loop": ["History", "Loop", "Schedule", "TrainingFailed"],
    },
)
