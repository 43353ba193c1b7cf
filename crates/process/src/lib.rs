//! What the user writes: graphs of processes with typed ports.
