//! Host processes: phases in Lava's order, defined timing, errors with names.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pumice::prelude::*;

/// Writes down which phase it saw when.
#[derive(Debug)]
struct Diary {
    pages: Arc<Mutex<Vec<(u64, &'static str)>>>,
    cell: Var<i32>,
}

impl Diary {
    fn note(&self, step: u64, phase: &'static str) {
        self.pages.lock().unwrap().push((step, phase));
    }
}

impl HostProcess for Diary {
    fn spike(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        self.note(context.step(), "spike");
        assert!(context.read(self.cell).is_err(), "variables are not served in the spike phase");
        context.send("s_out", &[f64::from(u8::from(context.step() == 2))])
    }

    fn pre_management(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        self.note(context.step(), "pre");
        Ok(())
    }

    fn learning(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        self.note(context.step(), "learning");
        Ok(())
    }

    fn post_management(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        self.note(context.step(), "post");
        if context.step() == 4 {
            context.write(self.cell, &[77.0])?;
            assert_eq!(context.read(self.cell)?, [77.0]);
        }
        Ok(())
    }

    fn host(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        self.note(context.step(), "host");
        Ok(())
    }
}

#[test]
fn phases_come_in_lavas_order_and_spikes_arrive_one_step_later() {
    for workers in [1, 2] {
        let mut graph = Graph::new();
        let w = graph.add("w", Dense::new(vec![vec![10.0]])).unwrap();
        let cell = graph.add("cell", Lif { du: 4095.into(), vth: 1000.into(), ..Lif::new(&[1]) }).unwrap();
        let pages = Arc::new(Mutex::new(Vec::new()));
        let spec = HostSpec::new().output::<Spike>("s_out", &[1]);
        let diary = graph.add_host("diary", spec, Diary { pages: pages.clone(), cell: cell.v }).unwrap();
        let says = graph.out_port(diary, "s_out").unwrap();
        graph.connect(says, w.s_in).unwrap();
        graph.connect(w.a_out, cell.a_in).unwrap();
        let v = graph.probe(cell.v, Record::Dense { stride: 1 }).unwrap();
        let profile = Profile::load("loihi1").unwrap();
        let mut simulation = Simulation::new(graph, &profile, &RunConfig::default().workers(workers)).unwrap();
        simulation.run(RunSteps(5)).unwrap();
        // Sent in step 2, integrated in step 3; written in step 4 after the update, so it is seen in step 4.
        assert_eq!(simulation.recording(v).rows().concat()[..3], [0.0, 0.0, 640.0], "{workers} workers");
        // The probe in five steps, and the process itself in step 4.
        assert_eq!(simulation.counts()[pumice::meter::Event::HostRead], 6, "{workers} workers");
        assert_eq!(simulation.get(cell.v).unwrap(), [77], "{workers} workers");
        let pages = pages.lock().unwrap();
        assert_eq!(pages[..4], [(1, "spike"), (1, "pre"), (1, "learning"), (1, "post")]);
        assert_eq!(pages.last(), Some(&(5, "host")));
        assert_eq!(pages.len(), 21);
    }
}

#[derive(Debug)]
struct Stuck;

impl HostProcess for Stuck {
    fn spike(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        match context.step() {
            3 => {
                std::thread::sleep(Duration::from_secs(2));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[test]
fn a_silent_host_process_is_an_error_with_the_ports_that_wait() {
    let mut graph = Graph::new();
    let w = graph.add("w", Dense::new(vec![vec![10.0]])).unwrap();
    let cell = graph.add("cell", Lif::new(&[1])).unwrap();
    let stuck = graph.add_host("stuck", HostSpec::new().output::<Activation>("a_out", &[1]), Stuck).unwrap();
    let says = graph.out_port::<Activation>(stuck, "a_out").unwrap();
    graph.connect(says, cell.a_in).unwrap();
    graph.connect(cell.s_out, w.s_in).unwrap();
    let mut simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &RunConfig::default()).unwrap();
    simulation.set_patience(Duration::from_millis(300));
    let fault = simulation.run(RunSteps(10)).unwrap_err().to_string();
    assert_eq!(
        fault,
        "host process `stuck` did not finish its spike phase of step 3 within 300ms; waiting for it are `cell.a_in`"
    );
}

#[derive(Debug)]
struct Failing;

impl HostProcess for Failing {
    fn post_management(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        if context.step() == 2 { Err(HostError::Failed("the sensor is gone".into())) } else { Ok(()) }
    }
}

#[test]
fn a_failing_host_process_ends_the_run_with_its_words() {
    let mut graph = Graph::new();
    graph.add_host("sensor", HostSpec::new(), Failing).unwrap();
    let mut simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &RunConfig::default()).unwrap();
    let fault = simulation.run(RunSteps(5)).unwrap_err();
    assert_eq!(fault.to_string(), "host process `sensor` failed in step 2: the sensor is gone");
    assert!(!fault.is_input());
}

#[derive(Debug)]
struct Panicking;

impl HostProcess for Panicking {
    fn spike(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        assert!(context.step() < 3, "the table has no row {}", context.step());
        Ok(())
    }
}

#[test]
fn a_host_process_that_panics_ends_the_run_with_its_words() {
    let mut graph = Graph::new();
    graph.add_host("table", HostSpec::new(), Panicking).unwrap();
    let mut simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &RunConfig::default()).unwrap();
    let fault = simulation.run(RunSteps(5)).unwrap_err().to_string();
    assert_eq!(fault, "host process `table` failed in step 3: it panicked: the table has no row 3");
    let fault = simulation.run(RunSteps(1)).unwrap_err().to_string();
    assert_eq!(fault, "host process `table` failed in step 4: its thread has ended");
}

#[test]
fn a_silent_host_process_that_nobody_hears_is_named_too() {
    let mut graph = Graph::new();
    graph.add_host("stuck", HostSpec::new(), Stuck).unwrap();
    let mut simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &RunConfig::default()).unwrap();
    simulation.set_patience(Duration::from_millis(100));
    let fault = simulation.run(RunSteps(10)).unwrap_err().to_string();
    assert_eq!(
        fault,
        "host process `stuck` did not finish its spike phase of step 3 within 100ms; no port waits for it"
    );
}
