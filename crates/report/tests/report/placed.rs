//! A network placed by hand: 6 neurons on two cores of a Loihi, fed by 4 inputs.

use pumice_chip::{BankImage, ChipImage, CoreId, CoreLimits, InputImage, Mesh, Projection, Segment, Source};
use pumice_engine::{Image, ProbeImage, ProbeSource, Recorded, Recording, Where};
use pumice_models::neuron::lif::Lif;
use pumice_models::{Arithmetic, Rows};
use pumice_profile::Profile;

/// Neurons 0 to 3 lie on core 0, 4 and 5 on core 5; input 3 reaches core 5 only.
pub(crate) fn image() -> Image {
    let entries =
        vec![(0, 0, 10, 0), (0, 1, 20, 0), (1, 2, 5, 0), (2, 3, -7, 0), (3, 4, 30, 0), (3, 5, 30, 0), (0, 5, 1, 0)];
    let limits = CoreLimits { neurons: Some(8), axon_in: Some(4), ..CoreLimits::default() };
    let chip = ChipImage {
        mesh: Mesh { width: 8, height: 4, cores_per_tile: 4, cores_per_chip: 128, chips: 1, chip_columns: 1 },
        limits,
        arithmetic: Arithmetic::loihi1(),
        seed: 5,
        banks: vec![BankImage {
            process: 2,
            path: "net/cells".into(),
            model: Lif::new(&[6]).into(),
            n: 6,
            ports: 1,
            trains: 1,
            circuits: None,
        }],
        inputs: vec![InputImage { process: 0, port: 0, path: "source".into(), n: 4 }],
        projections: vec![Projection {
            process: 1,
            path: "synapses".into(),
            source: Source::Input(0),
            target: 0,
            port: 0,
            rows: Rows::from_entries(4, 6, entries),
        }],
        plastic: Vec::new(),
        drawn: Vec::new(),
        drives: Vec::new(),
        cell_cores: Vec::new(),
        segments: vec![
            Segment { bank: 0, start: 0, len: 4, core: CoreId(0) },
            Segment { bank: 0, start: 4, len: 2, core: CoreId(5) },
        ],
    };
    Image {
        arithmetic: chip.arithmetic.clone(),
        chip,
        units: Vec::new(),
        wires: Vec::new(),
        to_chip: Vec::new(),
        chip_inputs: Vec::new(),
        from_chip: Vec::new(),
        order: Vec::new(),
        places: vec![Where::Synapses, Where::Bank(0)],
        paths: vec!["synapses".into(), "net/cells".into()],
        in_ports: vec![vec!["s_in".into()], vec!["a_in".into()]],
        out_ports: vec![vec!["a_out".into()], vec!["s_out".into()]],
        synapses: Vec::new(),
        views: vec![pumice_engine::View::default()],
        probes: vec![
            probe("net/cells.s_out", ProbeSource::BankOut(vec![(0, 0)]), None),
            probe("net/cells.v", ProbeSource::BankVar(0, 1), Some(2)),
            probe("net/cells.v", ProbeSource::BankVar(0, 1), None),
        ],
    }
}

fn probe(name: &str, source: ProbeSource, stride: Option<u64>) -> ProbeImage {
    ProbeImage { name: name.into(), source, shape: vec![2, 3], stride }
}

/// What the probes saw.
pub(crate) fn recordings() -> Vec<Recording> {
    let recording = |name: &str, steps: Vec<u64>, data| Recording { name: name.into(), shape: vec![2, 3], steps, data };
    let events = |value: Vec<f64>| Recorded::Events { step: vec![1, 1, 4], index: vec![0, 5, 2], value };
    vec![
        recording("net/cells.s_out", vec![], events(vec![1.0; 3])),
        recording("net/cells.v", vec![2, 4], Recorded::Int((0..12).collect())),
        recording("net/cells.v", vec![], events(vec![3.0, -1.0, 2.5])),
    ]
}

pub(crate) fn profile() -> Profile {
    Profile::load("loihi1").unwrap()
}
