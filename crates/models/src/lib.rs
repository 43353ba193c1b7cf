//! Behaviour of processes: fixed kernels beside float twins.
