//! Model files and arrays: TOML and NumPy files to graphs.
