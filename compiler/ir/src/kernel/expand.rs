//! Rewrites exp, log, sin and cos into basic instructions.
