use super::*;

/// Two tiles of one core with two synapse units, and an input that joins neurons of both units.
const ARCH: &str = "\
architecture:
  name: small
  attributes: {width: 2, height: 1, link_buffer_size: 4, latency_sync: 1.0e-8}
  tile:
    - name: t[0..1]
      attributes:
        {energy_north_hop: 1.0e-12, latency_north_hop: 1.0e-9, energy_east_hop: 1.0e-12, latency_east_hop: 1.0e-9,
         energy_south_hop: 1.0e-12, latency_south_hop: 1.0e-9, energy_west_hop: 1.0e-12, latency_west_hop: 1.0e-9}
      core:
        - name: c
          attributes: {buffer_position: dendrite, buffer_inside_unit: true}
          axon_in: [{name: i, attributes: {energy_message_in: 1.0e-12, latency_message_in: 1.0e-9}}]
          synapse:
            - {name: ya, attributes: {model: current_based, energy_process_spike: 2.0e-12, latency_process_spike: 2.0e-9}}
            - {name: yb, attributes: {model: current_based, energy_process_spike: 3.0e-12, latency_process_spike: 3.0e-9}}
          dendrite: [{name: d, attributes: {model: accumulator_with_delay, energy_update: 0.0, latency_update: 0.0}}]
          soma:
            - name: l
              attributes:
                {model: leaky_integrate_fire, energy_access_neuron: 1.0e-12, latency_access_neuron: 1.0e-9,
                 energy_update_neuron: 1.0e-12, latency_update_neuron: 1.0e-9, energy_spike_out: 1.0e-12, latency_spike_out: 1.0e-9}
          axon_out: [{name: o, attributes: {energy_message_out: 1.0e-12, latency_message_out: 1.0e-9}}]
";

const NET: &str = "\
network:
  name: n
  groups:
    - name: s
      attributes: {threshold: 0.5, bias: 1}
      neurons: [0: {}]
    - name: a
      attributes: {threshold: 100}
      neurons: [0..2: {}]
  edges:
    - s.0 -> a.0: [weight: 1]
    - s.0 -> a.1: [weight: 2]
    - s.0 -> a.2: [weight: 4]
mappings:
  - s.0: {core: 0.0}
  - a.0: {core: 0.0, synapse: ya}
  - a.1: {core: 0.0, synapse: yb}
  - a.2: {core: 1.0, synapse: yb}
";

fn chip(net: &str, setup: &Setup) -> Result<Chip, String> {
    let net = Network::parse(net).map_err(|fault| fault.to_string())?;
    Chip::new(&Architecture::parse(ARCH)?, &net, setup).map_err(|fault| fault.to_string())
}

/// One packet for each core, priced by the units that it reads.
#[test]
fn a_packet_reads_with_the_units_of_its_targets() {
    let mut chip = chip(NET, &Setup::default()).unwrap();
    let row = chip.step(&mut Vec::new());
    assert_eq!((row.fired, row.packets, row.hops, row.synaptic_reads), (1, 2, 1, 3));
    assert!((chip.energy().unwrap().synapse - (2.0 + 3.0 + 3.0) * 1e-12).abs() < 1e-24);
}

/// The first packet of a spike is ready after its neuron, the others after it.
#[test]
fn a_spike_visits_tiles_in_the_order_of_visits() {
    let time = |visits: &[u32]| {
        let setup = Setup { timing: vec![TimingModel::Queue], visits: visits.to_vec(), ..Setup::default() };
        chip(NET, &setup).map(|mut chip| chip.step(&mut Vec::new()).time_ps[0])
    };
    // 4 ns to the first packet, and 1 to the second: to tile 0 with 6 ns of processing, to tile 1 with 1 of flight and 4.
    assert_eq!(time(&[]), Ok(10_000 + 4_000 + 6_000));
    assert_eq!(time(&[0, 1]), time(&[]));
    assert_eq!(time(&[1]), Ok(10_000 + 5_000 + 6_000));
    assert!(time(&[2]).unwrap_err().contains("there are 2 tiles"));
    assert!(time(&[1, 0, 1]).unwrap_err().contains("tile 1 twice"));
}

/// Recorded of SANA-FE 2.2.9: a delay of one unit holds for the synapse of the same number in the other.
#[test]
fn delays_that_sana_fe_mixes_up_are_refused() {
    let delayed = |weight: &str| chip(&NET.replace(weight, &format!("{}, delay: 1", weight)), &Setup::default());
    let fault = delayed("weight: 1").unwrap_err();
    assert!(fault.contains("`a.0`") && fault.contains("2 synapse units"), "{fault}");
    assert!(delayed("weight: 4").is_ok(), "one unit only");
}
