//! Izhikevich neurons in s16.15 with four roundings against double precision: run with `--release` for long trains.

use pumice_fidelity::study::rounding_study;

fn main() {
    println!("{:<14}{:>14}{:>16}{:>10}", "rounding", "mean lag [ms]", "largest [ms]", "spikes");
    for lag in rounding_study(50_000) {
        println!(
            "{:<14}{:>14.4}{:>16.2}{:>10}",
            format!("{:?}", lag.rounding),
            lag.mean_ms,
            lag.largest_ms,
            lag.spikes
        );
    }
}
