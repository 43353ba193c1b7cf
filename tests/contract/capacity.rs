//! A network that does not fit is refused with what was needed, what there is, and which process asked.

use pumice::prelude::*;

fn small(limits: &str) -> Profile {
    let sources: String = limits
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'))
        .map(|section| format!("{section} = {{ ev = \"assumed\", src = \"test\" }}\n"))
        .collect();
    let text = format!("extends = \"loihi1\"\n[meta]\nname = \"small\"\n{limits}[sources]\n{sources}");
    Profile::from_text("small.toml", &text).unwrap()
}

fn refusal(profile: &Profile) -> String {
    let (graph, _) = crate::network::recurrent(300, 5);
    Simulation::new(graph, profile, &RunConfig::default()).unwrap_err().to_string()
}

#[test]
fn every_limit_is_named_when_it_is_broken() {
    let one = refusal(&small(
        "[topology]\ncores_per_chip = 4\ncores_per_tile = 4\ntile_grid = [1, 1]\n[core]\nneurons = 50\n",
    ));
    assert_eq!(
        one,
        "the network needs 7 cores, small has 4: `cells` alone asks for 6, limited by neurons; it would take 2 chips (--chips 2)"
    );
    let axons = refusal(&small("[core]\naxon_in = 10\n"));
    assert_eq!(
        axons,
        "`readout` needs 29 input axons for a single neuron, a core of small has 10: give each neuron fewer sources"
    );
    let memory = refusal(&small("[core]\nsyn_mem_bits = 640\n"));
    assert!(memory.contains("bits of synapse memory for a single neuron, a core of small has 640: "), "{memory}");
    let fan_in = refusal(&small("[core]\nfan_in = 20\n"));
    assert!(fan_in.contains("needs 30 synapses (fan-in)") || fan_in.contains("synapses (fan-in)"), "{fan_in}");
    let delay = refusal(&small("[core]\ndelay_max = 7\n"));
    assert_eq!(delay, "`again` has a delay of 8 steps, small has at most 7");
}

/// Tight limits cut populations into more cores; spikes stay the same.
#[test]
fn tight_limits_cost_cores_not_results() {
    let run = |profile: &Profile| {
        let (graph, handles) = crate::network::recurrent(300, 5);
        let mut simulation = Simulation::new(graph, profile, &RunConfig::default()).unwrap();
        simulation.run(RunSteps(50)).unwrap();
        let uses = simulation.core_uses();
        (simulation.recording(handles.spikes).events(), uses)
    };
    let (spikes, wide) = run(&Profile::load("loihi1").unwrap());
    assert!(spikes.len() > 200);
    let (same, tight) = run(&small("[core]\naxon_in = 200\naxon_out = 600\nsyn_mem_bits = 65536\n"));
    assert_eq!(spikes, same);
    assert!(tight.len() > wide.len());
    for core in &tight {
        assert!(core.axons_in <= 200 && core.axons_out <= 600 && core.synapse_bits <= 65_536);
    }
}

#[test]
fn parameters_that_no_register_holds_are_refused_by_name() {
    let mut graph = Graph::new();
    graph.add("cell", Lif { vth: 1_000_000.into(), ..Lif::new(&[1]) }).unwrap();
    let fault = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &RunConfig::default()).unwrap_err();
    assert_eq!(fault.to_string(), "`cell`: `vth` is 1000000; allowed is an integer in 0..=131071");
    assert!(fault.is_input());
}

#[test]
fn a_process_without_a_form_for_cores_says_where_to_put_it() {
    use pumice::models::neuron::allocator::Allocator;
    let alone = || {
        let mut graph = Graph::new();
        graph.add("alloc", Allocator { n_protos: 3, next_alloc_id: 1 }).unwrap();
        graph
    };
    let profile = Profile::load("loihi1").unwrap();
    let fault = Simulation::new(alone(), &profile, &RunConfig::default()).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "`alloc` (Allocator) has no chip model; run it on the fixed backend by an exception in the run configuration: \
         `exceptions = { alloc = \"fixed\" }` of `backend` in a model file, `RunConfig::except` in Rust"
    );
    let config = RunConfig::default().except("alloc", Backend::Fixed);
    Simulation::new(alone(), &profile, &config).unwrap();
}
