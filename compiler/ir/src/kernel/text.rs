//! Text form of kernels.
