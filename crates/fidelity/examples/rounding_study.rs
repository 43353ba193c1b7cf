//! Izhikevich neurons in s16.15 with four roundings against double precision: run with `--release` for long trains.

use pumice_fidelity::study::{rounding_study, settings_study};

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
    println!("\nmean lag of 200 spikes [ms]");
    println!(
        "{:<8}{:>9}  {:<9}{:>11}{:>11}{:>11}{:>12}",
        "neuron", "current", "order", "Compiler", "Down", "Nearest", "Stochastic"
    );
    for (s, lags) in settings_study(200) {
        let neuron = if s.neuron.0 < 0.05 { "regular" } else { "fast" };
        print!("{neuron:<8}{:>9.3}  {:<9}", s.current, format!("{:?}", s.order));
        lags.iter().for_each(|lag| print!("{:>11.3}", lag.mean_ms));
        println!();
    }
}
