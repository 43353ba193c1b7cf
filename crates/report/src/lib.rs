//! Text, JSON, arrays and figures from results.
