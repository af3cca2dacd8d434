"""Strictly increasing elementwise functions of any shape, with their derivative and inverse in closed form.

The slope is linear between the knots ``-r, -r + w, .., r`` and constant outside; the function is its integral, 0 at the
middle knot: a C1 piecewise quadratic. It is increasing, and onto R, because its slopes at the knots are positive.
"""

from __future__ import annotations

from typing import Any

from ivae_theory.training.extras import torch

__all__ = ["REACH", "heights_at_knots", "invert_splines", "splines"]

#: Where the outermost knots are: inputs are about standardised.
REACH = 4.0


def heights_at_knots(slopes: torch.Tensor) -> torch.Tensor:
    """Values (..., K + 1) at the knots, given the slopes (..., K + 1) there; K is even."""
    width = 2.0 * REACH / (slopes.shape[-1] - 1)
    areas = 0.5 * width * (slopes[..., 1:] + slopes[..., :-1])
    heights = torch.cat([torch.zeros_like(slopes[..., :1]), areas.cumsum(-1)], -1)
    middle = slopes.shape[-1] // 2
    return heights - heights[..., middle : middle + 1]


def _flat(bins: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Positions in a flattened table (S, n, K) of bin numbers (S, B, n).

    One flat index is several times faster on a CPU than gather or embedding, and far more so backwards.
    """
    replicas, n, count = table.shape
    start = torch.arange(replicas * n, device=bins.device).view(replicas, 1, n) * count
    return (bins + start).reshape(-1)


def _entries(table: torch.Tensor, flat: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return table.reshape(-1).index_select(0, flat).view(like.shape)


class _Pieces(torch.autograd.Function):
    """The pieces at their bins, with the gradient by hand: a third of the operations that autograd would record."""

    @staticmethod
    def forward(
        ctx: Any, h: torch.Tensor, slopes: torch.Tensor, curvatures: torch.Tensor, heights: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Values and log derivatives (S, B, n) at ``h``; the tables are (S, n, K)."""
        count = slopes.shape[-1]
        width = 2.0 * REACH / count
        # NaN, of a lost replica, must not become an index outside the table
        bins = torch.nan_to_num((h + REACH).div_(width)).floor_().clamp_(0, count - 1)
        clamped = h.clamp(-REACH, REACH)
        beyond_edge = h - clamped
        run = clamped.add_(REACH).sub_(bins, alpha=width)
        flat = _flat(bins.long(), slopes)
        slope, curvature, height = (_entries(table, flat, h) for table in (slopes, curvatures, heights))
        derivative = torch.addcmul(slope, curvature, run)
        # height + run (slope + derivative) / 2 + (h - clamped) derivative
        value = slope.add_(derivative).mul_(0.5).mul_(run).add_(height).addcmul_(beyond_edge, derivative)
        ctx.save_for_backward(flat, run, beyond_edge, curvature, derivative)
        ctx.table = slopes.shape
        return value, torch.log(derivative)

    @staticmethod
    def backward(ctx: Any, *above: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Gradients of ``h`` and of the three tables."""
        flat, run, beyond_edge, curvature, derivative = ctx.saved_tensors
        d_value, d_logarithm = above
        pull = d_logarithm / derivative
        d_h = d_value * derivative
        # beyond the outermost knots the derivative is constant
        d_h.addcmul_(curvature * pull, beyond_edge == 0)
        d_derivative = pull.addcmul_(d_value, beyond_edge)
        risen = d_value * run
        d_curvature = risen.mul(run).mul_(0.5).addcmul_(d_derivative, run)
        gathered = (
            run.new_zeros(ctx.table.numel()).index_add_(0, flat, part.reshape(-1)).view(ctx.table)
            for part in (risen.add_(d_derivative), d_curvature, d_value)
        )
        return d_h, *gathered


def splines(h: torch.Tensor, slopes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The functions and the logarithms of their derivatives, (S, B, n) each.

    Parameters
    ----------
    h
        Inputs (S, B, n).
    slopes
        Positive slopes at the knots (S, n, K + 1), one function a replica and coordinate.
    """
    curvatures = (slopes[..., 1:] - slopes[..., :-1]) * ((slopes.shape[-1] - 1) / (2.0 * REACH))
    result: tuple[torch.Tensor, torch.Tensor] = _Pieces.apply(  # type: ignore[no-untyped-call]
        h, slopes[..., :-1], curvatures, heights_at_knots(slopes)[..., :-1]
    )
    return result


def invert_splines(y: torch.Tensor, slopes: torch.Tensor) -> torch.Tensor:
    """The inverse functions at ``y`` (S, B, n); ``slopes`` as in :func:`splines`."""
    count = slopes.shape[-1] - 1
    width = 2.0 * REACH / count
    heights = heights_at_knots(slopes)
    lowest, highest = heights[..., 0].unsqueeze(1), heights[..., -1].unsqueeze(1)
    clamped = torch.minimum(torch.maximum(y, lowest), highest)
    bins = torch.searchsorted(heights, clamped.mT.contiguous(), right=True).sub(1).clamp(0, count - 1).mT
    curvatures = (slopes[..., 1:] - slopes[..., :-1]) / width
    flat = _flat(bins, curvatures)
    slope, curvature, height = (_entries(t, flat, y) for t in (slopes[..., :-1], curvatures, heights[..., :-1]))
    rise = clamped - height
    # the root of slope r + curvature r^2 / 2 = rise that is free of cancellation
    root = torch.sqrt(torch.clamp(slope * slope + 2.0 * curvature * rise, min=0.0))
    inside = bins.to(y) * width - REACH + 2.0 * rise / (slope + root)
    edge = torch.where(y < clamped, slopes[..., 0].unsqueeze(1), slopes[..., -1].unsqueeze(1))
    return inside + (y - clamped) / edge
