//! Graph and profile to a chip image.
