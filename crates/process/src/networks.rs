//! Vectors of graded neurons and the matrices between them: Lava's algebra of networks as a few Rust calls.
//!
//! | Lava | here |
//! |---|---|
//! | `InputVec(vec, exp)` | `graph.compose("x", InputVec::new(rows, exp))?` gives the out-port |
//! | `GradedVec(shape, vth, exp)`, `LIFVec`, `NormalizeNet`, `ResFireVec`, `ProductVec` | `graph.compose("y", GradedVec::new(&[n]))?` gives a [`Vector`] |
//! | `GradedDense(weights, exp) @ x`, `GradedSparse` | `graph.apply("w", GradedDense::new(weights), x)?` gives sums |
//! | `y << (a + b)` | `graph.feed(y.in_port, &[a, b])?` |
//! | `a * b` of two `GradedVec` | `graph.multiply("p", a, b, exp)?` gives sums |
//! | `OutputVec(shape, buffer)` | `graph.add("out", Of::<Graded, _>::sink(shape, buffer))?` |
//!
//! A number x is held as `x * 2^exp`. Weights w of a matrix are held as integers `w * 2^exp`, cut toward zero, and the exponent
//! `-exp` brings the sum back: `a = floor(sum of (w * 2^exp) * s / 2^exp)`, one step later.
//!
//! Source: Lava 0.10 `lava/networks/{gradedvecnetwork,resfire}.py`, `lava/proc/s4d/models.py`.

use pumice_models::connection::{dense::Dense, sparse::Sparse};
use pumice_models::neuron::{
    graded_vec, inv_sqrt::InvSqrt, lif::Lif, norm_vec_delay::NormVecDelay, prod_neuron::ProdNeuron, rf_zero::RfZero,
    s4d::SigmaS4dDelta,
};
use pumice_models::source::ring_buffer::RingBuffer;
use pumice_models::{Kind, Model, ModelError, PerNeuron, length};

use crate::error::GraphError;
use crate::graph::{Composite, Graph};
use crate::handle::{Of, StateSpaceHandle};
use crate::port::{Activation, Direction, Graded, InPort, Message, OutPort, Spike};

/// A layer: sums in, messages of kind `M` out.
#[derive(Clone, Copy, Debug)]
pub struct Vector<M> {
    /// Sums in.
    pub in_port: InPort<Activation>,
    /// The second factor, or the second part of the state, of a layer that has two inputs.
    pub in_port2: Option<InPort<Activation>>,
    /// Messages out.
    pub out_port: OutPort<M>,
}

impl<M> Vector<M> {
    fn one(in_port: InPort<Activation>, out_port: OutPort<M>) -> Self {
        Vector { in_port, in_port2: None, out_port }
    }
}

/// A vector that plays rows of numbers, one per step, again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct InputVec {
    /// One row per step.
    pub vec: Vec<Vec<f64>>,
    /// Fixed-point base: numbers are sent as `x * 2^exp`, cut toward zero.
    pub exp: i32,
}

impl InputVec {
    /// Rows of numbers with a fixed-point base.
    pub fn new(vec: Vec<Vec<f64>>, exp: i32) -> Self {
        InputVec { vec, exp }
    }
}

impl Composite for InputVec {
    type Handle = OutPort<Graded>;

    fn build(self, graph: &mut Graph) -> Result<OutPort<Graded>, GraphError> {
        let scale = f64::from(self.exp).exp2();
        let data: Vec<Vec<f64>> =
            self.vec.iter().map(|row| row.iter().map(|x| (x * scale).trunc()).collect()).collect();
        let n = data.first().map_or(0, Vec::len);
        let source = Of::<Graded, _>::new(RingBuffer { shape: vec![n], data, kind: Kind::Graded });
        Ok(graph.add("inport_plug", source)?.out)
    }
}

/// A vector of LIF neurons.
#[derive(Clone, Debug, PartialEq)]
pub struct LifVec(pub Lif);

impl Composite for LifVec {
    type Handle = Vector<Spike>;

    fn build(self, graph: &mut Graph) -> Result<Vector<Spike>, GraphError> {
        let main = graph.add("main", self.0)?;
        Ok(Vector::one(main.a_in, main.s_out))
    }
}

/// A vector that passes what is beyond a threshold; 10 at first, as in Lava.
#[derive(Clone, Debug, PartialEq)]
pub struct GradedVec(pub graded_vec::GradedVec);

impl GradedVec {
    /// A vector of the given shape with threshold 10.
    pub fn new(shape: &[usize]) -> Self {
        GradedVec(graded_vec::GradedVec { vth: 10.into(), ..graded_vec::GradedVec::new(shape) })
    }
}

impl Composite for GradedVec {
    type Handle = Vector<Graded>;

    fn build(self, graph: &mut Graph) -> Result<Vector<Graded>, GraphError> {
        let main = graph.add("main", self.0)?;
        Ok(Vector::one(main.a_in, main.s_out))
    }
}

/// A vector of products of its two inputs, divided by `2^exp`.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductVec {
    /// Shape.
    pub shape: Vec<usize>,
    /// Threshold of the magnitude; 10 at first, as in Lava.
    pub vth: PerNeuron,
    /// Fixed-point base, `0..=31`.
    pub exp: i32,
}

impl ProductVec {
    /// Products of the given shape with threshold 10.
    pub fn new(shape: &[usize], exp: i32) -> Self {
        ProductVec { shape: shape.to_vec(), vth: 10.into(), exp }
    }
}

impl Composite for ProductVec {
    type Handle = Vector<Graded>;

    fn build(self, graph: &mut Graph) -> Result<Vector<Graded>, GraphError> {
        let main = graph.add("main", ProdNeuron { shape: self.shape, vth: self.vth, exp: self.exp.into() })?;
        Ok(Vector { in_port: main.a_in1, in_port2: Some(main.a_in2), out_port: main.s_out })
    }
}

/// A vector divided by its length: with base `exp`, a constant input x becomes `x * 2^(3 exp / 2) / |x|`.
///
/// The square leaves in the step of its input, the inverse root comes back two steps later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormalizeNet {
    /// Elements.
    pub n: usize,
    /// Fixed-point base, `0..=14`; 12 at first.
    pub exp: i32,
}

impl NormalizeNet {
    /// `n` elements with Lava's base 12.
    pub fn new(n: usize) -> Self {
        NormalizeNet { n, exp: 12 }
    }
}

impl Composite for NormalizeNet {
    type Handle = Vector<Graded>;

    fn build(self, graph: &mut Graph) -> Result<Vector<Graded>, GraphError> {
        let ones = |rows: usize, columns: usize| {
            let dense = Dense::new(vec![vec![1.0; columns]; rows]);
            Of::<Graded, _>::new(Dense { num_message_bits: 24, ..dense })
        };
        let gather = graph.add("vfp_dense", ones(1, self.n))?;
        let spread = graph.add("fpv_dense", ones(self.n, 1))?;
        let main = graph.add("main", NormVecDelay { exp: self.exp, ..NormVecDelay::new(&[self.n]) })?;
        let inverse = graph.add("fp_inv_neuron", InvSqrt { shape: vec![1], fp_base: self.exp })?;
        graph.connect(main.s2_out, gather.s_in)?;
        graph.connect(gather.a_out, inverse.a_in)?;
        graph.connect(inverse.s_out, spread.s_in)?;
        graph.connect(spread.a_out, main.a_in2)?;
        Ok(Vector::one(main.a_in1, main.s_out))
    }
}

/// A vector of resonators that send their amplitude at phase zero.
#[derive(Clone, Debug, PartialEq)]
pub struct ResFireVec(pub RfZero);

impl ResFireVec {
    /// Resonators with Lava's threshold 10 and steps of 1 ms.
    pub fn new(shape: &[usize], freqs: impl Into<PerNeuron>, decay_tau: impl Into<PerNeuron>) -> Self {
        ResFireVec(RfZero { uth: 10.into(), ..RfZero::new(shape, freqs.into(), decay_tau.into()) })
    }
}

impl Composite for ResFireVec {
    type Handle = Vector<Graded>;

    fn build(self, graph: &mut Graph) -> Result<Vector<Graded>, GraphError> {
        let main = graph.add("main", self.0)?;
        Ok(Vector { in_port: main.u_in, in_port2: Some(main.v_in), out_port: main.s_out })
    }
}

/// Lava's `SigmaS4dDeltaLayer`: each input spread over `d_states` state-space neurons, whose outputs are summed.
///
/// Neuron `i * d_states + k` is state k of element i. There is no form in integers, as in Lava.
#[derive(Clone, Debug, PartialEq)]
pub struct SigmaS4dDeltaLayer {
    /// The neurons; their shape is `[elements * d_states]`, and so are the lengths of `a`, `b` and `c`.
    pub neurons: SigmaS4dDelta,
    /// States of each element, at least 1 and a divisor of the number of neurons.
    pub d_states: usize,
    /// Bits of a payload, `1..=24`; 24 in Lava.
    pub num_message_bits: u32,
}

/// Ports and neurons of a [`SigmaS4dDeltaLayer`].
#[derive(Clone, Copy, Debug)]
pub struct LayerHandle {
    /// Messages in.
    pub s_in: InPort<Graded>,
    /// Sums over the states out, two steps later.
    pub a_out: OutPort<Activation>,
    /// The neurons.
    pub neurons: StateSpaceHandle,
}

impl Composite for SigmaS4dDeltaLayer {
    type Handle = LayerHandle;

    fn build(self, graph: &mut Graph) -> Result<LayerHandle, GraphError> {
        let (all, d) = (length(&self.neurons.shape) as u32, self.d_states as u32);
        if d == 0 || !all.is_multiple_of(d) {
            let fault = ModelError::range("d_states", d, format!("a divisor of {all}, the number of neurons"));
            return Err(GraphError::Model { path: "SigmaS4dDeltaLayer".into(), fault: Box::new(fault) });
        }
        let n = all / d;
        let ones = |shape: [u32; 2], synapses: Vec<(u32, u32, f64)>| {
            let sparse = Sparse::new(shape.map(|x| x as usize), synapses);
            Of::<Graded, _>::new(Sparse { num_message_bits: self.num_message_bits, ..sparse })
        };
        let spread = graph.add("sparse1", ones([all, n], (0..all).map(|i| (i / d, i, 1.0)).collect()))?;
        let gather = graph.add("sparse2", ones([n, all], (0..all).map(|i| (i, i / d, 1.0)).collect()))?;
        let flat = SigmaS4dDelta { shape: vec![all as usize], ..self.neurons };
        let neurons = graph.add("sigma_S4d_delta", flat)?;
        graph.connect(spread.a_out, neurons.a_in)?;
        graph.connect(neurons.s_out, gather.s_in)?;
        Ok(LayerHandle { s_in: spread.s_in, a_out: gather.a_out, neurons })
    }
}

/// A connection between vectors; [`Graph::apply`] puts it into a graph.
pub trait Matrix {
    /// The connection, for spikes with or without payloads.
    fn into_model(self, kind: Kind) -> Model;
}

/// Bits of a payload.
const fn message_bits(kind: Kind) -> u32 {
    if matches!(kind, Kind::Spike) { 0 } else { 24 }
}

/// A dense matrix of real weights in fixed point.
#[derive(Clone, Debug, PartialEq)]
pub struct GradedDense {
    /// Weights, `(targets, sources)`.
    pub weights: Vec<Vec<f64>>,
    /// Weights are held as `w * 2^exp`, cut toward zero, `0..=8`; 7 at first.
    pub exp: i32,
}

impl GradedDense {
    /// A matrix with Lava's base 7, for weights of less than 2.
    pub fn new(weights: Vec<Vec<f64>>) -> Self {
        GradedDense { weights, exp: 7 }
    }
}

impl Matrix for GradedDense {
    fn into_model(self, kind: Kind) -> Model {
        let scale = f64::from(self.exp).exp2();
        let weights = self.weights.into_iter().map(|row| row.into_iter().map(|w| (w * scale).trunc()).collect());
        let dense = Dense::new(weights.collect());
        Dense { weight_exp: -self.exp, num_message_bits: message_bits(kind), ..dense }.into()
    }
}

/// A sparse matrix of real weights in fixed point.
#[derive(Clone, Debug, PartialEq)]
pub struct GradedSparse {
    /// `[targets, sources]`.
    pub shape: [usize; 2],
    /// `(source, target, weight)`.
    pub synapses: Vec<(u32, u32, f64)>,
    /// Weights are held as `w * 2^exp`, cut toward zero, `0..=8`; 7 at first.
    pub exp: i32,
}

impl GradedSparse {
    /// A matrix with Lava's base 7, for weights of less than 2.
    pub fn new(shape: [usize; 2], synapses: Vec<(u32, u32, f64)>) -> Self {
        GradedSparse { shape, synapses, exp: 7 }
    }

    /// Ones on the diagonal.
    pub fn identity(n: usize) -> Self {
        GradedSparse::new([n, n], (0..n as u32).map(|i| (i, i, 1.0)).collect())
    }
}

impl Matrix for GradedSparse {
    fn into_model(self, kind: Kind) -> Model {
        let scale = f64::from(self.exp).exp2();
        let synapses = self.synapses.into_iter().map(|(source, target, w)| (source, target, (w * scale).trunc()));
        let sparse = Sparse::new(self.shape, synapses);
        Sparse { weight_exp: -self.exp, num_message_bits: message_bits(kind), ..sparse }.into()
    }
}

impl Graph {
    /// A matrix times a vector (Lava's `@`): the sums, one step later.
    ///
    /// # Errors
    /// If the name is taken or no name, or the shapes differ.
    pub fn apply<M: Message>(
        &mut self,
        name: &str,
        matrix: impl Matrix,
        from: OutPort<M>,
    ) -> Result<OutPort<Activation>, GraphError> {
        let connection = self.add_model(name, matrix.into_model(M::KIND))?;
        let s_in = self.port(connection, "s_in", Direction::In)?;
        self.connect_ports(from.id, s_in)?;
        self.out_port(connection, "a_out")
    }

    /// Sends sums to a layer, which adds them (Lava's `<<` and `+`).
    ///
    /// # Errors
    /// If shapes differ, or a sum is sent twice.
    pub fn feed(&mut self, to: InPort<Activation>, sums: &[OutPort<Activation>]) -> Result<(), GraphError> {
        sums.iter().try_for_each(|sum| self.connect(*sum, to))
    }

    /// The element-wise product of two vectors, divided by `2^exp` (Lava's `*`): the sums, two steps later.
    ///
    /// # Errors
    /// If the name is taken or no name, or the vectors differ in shape.
    pub fn multiply(
        &mut self,
        name: &str,
        a: OutPort<Graded>,
        b: OutPort<Graded>,
        exp: i32,
    ) -> Result<OutPort<Activation>, GraphError> {
        let shape = self.shape(a).to_vec();
        self.compose(name, Product { n: length(&shape), a, b, exp })
    }
}

/// The network of a product.
struct Product {
    n: usize,
    a: OutPort<Graded>,
    b: OutPort<Graded>,
    exp: i32,
}

impl Composite for Product {
    type Handle = OutPort<Activation>;

    fn build(self, graph: &mut Graph) -> Result<OutPort<Activation>, GraphError> {
        let layer = ProductVec { vth: 1.into(), ..ProductVec::new(&[self.n], self.exp) };
        let product = graph.compose("prod_layer", layer)?;
        let a = graph.apply("weights_A", GradedSparse::identity(self.n), self.a)?;
        let b = graph.apply("weights_B", GradedSparse::identity(self.n), self.b)?;
        graph.feed(product.in_port, &[a])?;
        if let Some(second) = product.in_port2 {
            graph.feed(second, &[b])?;
        }
        graph.apply("weights_out", GradedSparse::identity(self.n), product.out_port)
    }
}
