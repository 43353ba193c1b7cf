//! The emulated hardware: placement tables, mesh geometry, limits, the kernels of one worker's step.
