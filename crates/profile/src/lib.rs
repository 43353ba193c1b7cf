//! Profile files, typed and validated.
