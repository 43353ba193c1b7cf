//! Any number of probes, dense or events, with a stride, on variables and ports.

use pumice::prelude::*;

#[test]
fn probes_see_the_same_as_reading_between_steps() {
    let mut graph = Graph::new();
    let source = graph.add("source", Poisson::new(&[4], 0.5)).unwrap();
    let w = graph.add("w", Dense::new(vec![vec![30.0; 4]; 3])).unwrap();
    let cells = graph.add("cells", Lif { dv: 200.into(), vth: 150.into(), ..Lif::new(&[3]) }).unwrap();
    graph.connect(source.out, w.s_in).unwrap();
    graph.connect(w.a_out, cells.a_in).unwrap();
    let dense = graph.probe(cells.v, Record::Dense { stride: 3 }).unwrap();
    let also = graph.probe(cells.v, Record::Dense { stride: 1 }).unwrap();
    let sent = graph.probe_port(source.out, Record::Dense { stride: 1 }).unwrap();
    let fired = graph.probe_port(cells.s_out, Record::Events).unwrap();
    let mut simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &RunConfig::default()).unwrap();
    let mut seen = Vec::new();
    for _ in 0..30 {
        simulation.run(RunSteps(1)).unwrap();
        seen.push(simulation.get(cells.v.real()).unwrap());
    }
    assert_eq!(simulation.recording(also).rows(), seen);
    let third: Vec<_> = seen.iter().skip(2).step_by(3).cloned().collect();
    assert_eq!(simulation.recording(dense).rows(), third);
    assert_eq!(simulation.recording(dense).steps, (1..=10).map(|k| 3 * k).collect::<Vec<u64>>());
    assert_eq!(simulation.recording(sent).rows().len(), 30);
    assert!(simulation.recording(fired).events().len() > 5);
}

/// Events of a whole population, which are kept as they fire, are those of dense records; what is taken is gone.
#[test]
fn events_are_what_is_not_zero_and_can_be_taken() {
    for workers in [1, 3] {
        let mut graph = Graph::new();
        let source = graph.add("source", Poisson::new(&[20], 0.4)).unwrap();
        let w = graph.add("w", Dense::new(vec![vec![30.0; 20]; 9])).unwrap();
        let cells = graph.add("cells", Lif { dv: 200.into(), vth: 300.into(), ..Lif::new(&[9]) }).unwrap();
        graph.connect(source.out, w.s_in).unwrap();
        graph.connect(w.a_out, cells.a_in).unwrap();
        let dense = graph.probe_port(cells.s_out, Record::Dense { stride: 1 }).unwrap();
        let events = graph.probe_port(cells.s_out, Record::Events).unwrap();
        let config = RunConfig::default().workers(workers);
        let mut simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &config).unwrap();
        simulation.run(RunSteps(20)).unwrap();
        let first = simulation.take_recording(events).events();
        assert!(simulation.recording(events).events().is_empty());
        simulation.run(RunSteps(20)).unwrap();
        let second = simulation.recording(events).events();
        assert!(first.iter().all(|(step, _)| *step <= 20) && second.iter().all(|(step, _)| *step > 20));
        let rows = simulation.take_recording(dense).rows();
        let fired = rows.iter().enumerate().flat_map(|(t, row)| {
            row.iter().enumerate().filter(|(_, x)| **x != 0.0).map(move |(i, _)| (t as u64 + 1, i as u32))
        });
        let all: Vec<(u64, u32)> = first.into_iter().chain(second).collect();
        assert!(all.len() > 20, "{}", all.len());
        assert_eq!(all, fired.collect::<Vec<_>>());
    }
}

#[test]
fn variables_are_read_and_written_whole() {
    let mut graph = Graph::new();
    let cells = graph.add("cells", Lif { vth: 100_000.into(), ..Lif::new(&[3]) }).unwrap();
    let mut simulation =
        Simulation::new(graph, &Profile::load("loihi1").unwrap(), &RunConfig::default().workers(2)).unwrap();
    simulation.set(cells.v, &[5, -6, 7]).unwrap();
    simulation.run(RunSteps(1)).unwrap();
    assert_eq!(simulation.get(cells.v).unwrap(), [5, -6, 7], "no decay, no input");
    let fault = simulation.set(cells.vth, &[1, 2, -3]).unwrap_err().to_string();
    assert!(fault.contains("`cells`") && fault.contains("is -3; allowed is an integer in 0..=131071"), "{fault}");
    let fault = simulation.set(cells.v, &[1]).unwrap_err().to_string();
    assert_eq!(fault, "`cells`: `v` has shape [1]; expected is [3]");
    let mut graph = Graph::new();
    let float = graph.add("float", Lif::new(&[1])).unwrap();
    let simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &RunConfig::on(Backend::Float)).unwrap();
    assert!(simulation.get(float.v).unwrap_err().to_string().contains("`float` runs in floating point"));
    assert_eq!(simulation.get(float.v.real()).unwrap(), [0.0]);
}
