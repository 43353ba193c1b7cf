use hdf5_pure::FileBuilder;
use proptest::prelude::*;
use pumice_process::Wire;

use super::*;

/// What a test changes in the small file.
#[derive(Clone, Copy)]
struct Change {
    neuron: &'static str,
    kind: &'static str,
    width: i64,
    decay: i64,
}

const SOUND: Change = Change { neuron: "LOIHI", kind: "dense", width: 3, decay: 1024 };

/// An input of 3 columns, 2 rows, 1 channel; a convolution with a kernel of 2 x 2 to 2 channels; a flattening; 2 features.
fn file(change: Change) -> Vec<u8> {
    let mut file = FileBuilder::new();
    let mut layers = file.create_group("layer");
    for (k, kind) in ["input", "conv", "flatten", change.kind].into_iter().enumerate() {
        let mut layer = layers.create_group(&k.to_string());
        layer.create_dataset("type").with_ascii_strings(&[kind]).unwrap();
        let shape = [vec![1, 2, change.width], vec![2, 1, 2], vec![4], vec![2]][k].clone();
        layer.create_dataset("shape").with_i64_data(&shape);
        if k == 1 {
            // (out, in, height, width)
            layer.create_dataset("weight").with_f32_data(&[1., 2., 3., 4., 5., 6., 7., 8.]).with_shape(&[2, 1, 2, 2]);
            layer.create_dataset("bias").with_f32_data(&[10., 20.]);
        }
        if k == 3 {
            layer.create_dataset("weight").with_f32_data(&[1., 2., 3., 4., 5., 6., 7., 8.]).with_shape(&[2, 4]);
        }
        if k != 2 {
            let mut neuron = layer.create_group("neuron");
            neuron.create_dataset("type").with_ascii_strings(&[change.neuron]).unwrap();
            neuron.create_dataset("iDecay").with_i64_data(&[4096]);
            neuron.create_dataset("vDecay").with_i64_data(&[change.decay]);
            neuron.create_dataset("vThMant").with_i64_data(&[25]);
            layer.add_group(neuron.finish());
        }
        layers.add_group(layer.finish());
    }
    file.add_group(layers.finish());
    file.finish().unwrap()
}

/// Kernels are turned, axes reversed, and a flattening runs channel, row, column in the file.
#[test]
fn layers_are_put_in_our_order() {
    let netx = Netx::from_bytes(file(SOUND)).unwrap();
    assert_eq!(netx.layers.len(), 3);
    let Weights::Conv(conv) = &netx.layers[1].weights else { panic!("{:?}", netx.layers[1]) };
    assert_eq!((conv.input_shape, netx.layers[1].shape.as_slice()), ([3, 2, 1], &[2, 1, 2][..]));
    // weight[out][i][j][in] is the file's (out, in, 1 - j, 1 - i).
    assert_eq!(conv.weight[0], [[[4.0], [2.0]], [[3.0], [1.0]]]);
    assert_eq!(netx.layers[1].bias, [10.0, 20.0, 10.0, 20.0]);
    // Our elements: (x0, c0), (x0, c1), (x1, c0), (x1, c1); the file's features: c0 x0, c0 x1, c1 x0, c1 x1.
    assert_eq!(netx.layers[2].weights, Weights::Dense(vec![vec![1., 3., 2., 4.], vec![5., 7., 6., 8.]]));
    assert_eq!(netx.layers[2].neurons, Neurons { current_decay: 4096, voltage_decay: 1024, threshold: 25 });
}

#[test]
fn a_network_becomes_populations_and_connections() {
    let mut graph = Graph::new();
    let netx = Netx::from_bytes(file(SOUND)).unwrap();
    let added = netx.add_to(&mut graph, Some(Reset { interval: 16, offset: 4 })).unwrap();
    assert!(added.s_in.is_none());
    assert_eq!(added.populations.len(), 3);
    assert_eq!(graph.nodes().len(), 5);
    let wires: Vec<Wire> = graph.wires();
    assert_eq!(wires.len(), 4);
    let again = netx.add_to(&mut graph, None).unwrap_err();
    assert!(matches!(again, ImportError::Graph(_)), "names are taken: {again}");
}

#[test]
fn what_is_not_known_is_refused_with_its_place() {
    let cases = [
        (Change { neuron: "SDNN", ..SOUND }, "`/layer/0/neuron/type` is SDNN, allowed is LOIHI or CUBA"),
        (Change { kind: "average", ..SOUND }, "`/layer/3/type` is average, allowed is input, conv, dense or flatten"),
        (Change { decay: 5000, ..SOUND }, "`/layer/0/neuron/vDecay` is 5000, allowed is a whole number from 0 to 4095"),
        (
            Change { width: 1 << 40, ..SOUND },
            "`/layer/0/shape` is 1099511627776, allowed is a whole number from 1 to 16777216",
        ),
    ];
    for (change, sentence) in cases {
        assert_eq!(Netx::from_bytes(file(change)).unwrap_err().to_string(), sentence);
    }
    let error = Netx::from_bytes(file(Change { width: 9, ..SOUND })).unwrap_err().to_string();
    assert!(error.starts_with("`/layer/1/shape` is [2, 1, 2]"), "{error}");
    assert!(matches!(Netx::from_bytes(b"not a network".to_vec()), Err(ImportError::Damaged { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A damaged file is a network or an error, never a crash.
    #[test]
    fn damage_never_crashes(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = file(SOUND);
        let i = at.index(bytes.len());
        bytes[i] = byte;
        let _either = Netx::from_bytes(bytes.clone());
        bytes.truncate(cut.index(bytes.len()));
        let _either = Netx::from_bytes(bytes);
    }
}
