//! Virtual ports: index maps over real ports.

use std::ops::Range;

use pumice_models::length;

use crate::error::GraphError;
use crate::graph::{Graph, PortNode};
use crate::port::{OutPort, Port, PortId};

/// An element of a real port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) port: PortId,
    pub(crate) index: u32,
}

impl Graph {
    /// The port seen in another shape; elements keep their C order.
    ///
    /// # Errors
    /// If the number of elements differs.
    pub fn reshape<P: Port>(&mut self, port: P, shape: &[usize]) -> Result<P, GraphError> {
        let (id, old) = (port.id(), self.shape(port).to_vec());
        if length(shape) != length(&old) {
            return Err(self.view_error("reshape", id, format!("{shape:?} has {} elements", length(shape))));
        }
        Ok(P::with(self.view(id, shape.to_vec(), self.elements(id))))
    }

    /// The port seen as one row, in C order.
    pub fn flatten<P: Port>(&mut self, port: P) -> P {
        let (id, n) = (port.id(), length(self.shape(port)));
        P::with(self.view(id, vec![n], self.elements(id)))
    }

    /// The port with its axes permuted: axis `k` of the result is axis `axes[k]` of `port`.
    ///
    /// # Errors
    /// If `axes` does not name every axis once.
    pub fn transpose<P: Port>(&mut self, port: P, axes: &[usize]) -> Result<P, GraphError> {
        let (id, old) = (port.id(), self.shape(port).to_vec());
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..old.len()) {
            return Err(self.view_error("transpose", id, format!("axes {axes:?} do not name each of its axes once")));
        }
        let strides = strides(&old);
        let shape: Vec<usize> = axes.iter().map(|a| old[*a]).collect();
        let picked = indices(&shape, |at| axes.iter().zip(at).map(|(axis, i)| i * strides[*axis]).sum());
        Ok(P::with(self.pick(id, shape, &picked)))
    }

    /// A part of the port: one range per axis.
    ///
    /// # Errors
    /// If there is not one range per axis, or one is empty or reaches outside.
    pub fn slice<P: Port>(&mut self, port: P, ranges: &[Range<usize>]) -> Result<P, GraphError> {
        let (id, old) = (port.id(), self.shape(port).to_vec());
        let bad = ranges.len() != old.len() || ranges.iter().zip(&old).any(|(r, n)| r.start >= r.end || r.end > *n);
        if bad {
            return Err(self.view_error("slice", id, format!("{ranges:?} is not one range inside each axis")));
        }
        let strides = strides(&old);
        let shape: Vec<usize> = ranges.iter().map(ExactSizeIterator::len).collect();
        let picked = indices(&shape, |at| {
            at.iter().zip(ranges).zip(&strides).map(|((i, range), stride)| (i + range.start) * stride).sum()
        });
        Ok(P::with(self.pick(id, shape, &picked)))
    }

    /// Several out-ports side by side along `axis`.
    ///
    /// # Errors
    /// If there are none, or they differ in shape along another axis, or there is no such axis.
    pub fn concatenate<T>(&mut self, ports: &[OutPort<T>], axis: usize) -> Result<OutPort<T>, GraphError> {
        let Some(first) = ports.first() else {
            let fault = "no port was given".to_owned();
            return Err(GraphError::View { operation: "concatenate", port: String::new(), shape: vec![], fault });
        };
        let shapes: Vec<Vec<usize>> = ports.iter().map(|p| self.shape(*p).to_vec()).collect();
        for (port, shape) in ports.iter().zip(&shapes) {
            let fits = shape.len() == shapes[0].len()
                && axis < shape.len()
                && shape.iter().zip(&shapes[0]).enumerate().all(|(k, (a, b))| k == axis || a == b);
            if !fits {
                let fault = format!(
                    "it does not fit `{}` of shape {:?} along axis {axis}",
                    self.port_name(first.id),
                    shapes[0]
                );
                return Err(self.view_error("concatenate", port.id, fault));
            }
        }
        let outer: usize = shapes[0][..axis].iter().product();
        let all: Vec<Vec<Element>> = ports.iter().map(|p| self.elements(p.id)).collect();
        let mut elements = Vec::new();
        for o in 0..outer {
            for (own, shape) in all.iter().zip(&shapes) {
                let run = length(&shape[axis..]);
                elements.extend_from_slice(&own[o * run..(o + 1) * run]);
            }
        }
        let mut shape = shapes[0].clone();
        shape[axis] = shapes.iter().map(|s| s[axis]).sum();
        Ok(OutPort::with(self.view(first.id, shape, elements)))
    }

    /// The real elements behind a port, in C order.
    pub(crate) fn elements(&self, id: PortId) -> Vec<Element> {
        let node = &self.ports[id.0 as usize];
        match &node.elements {
            Some(elements) => elements.clone(),
            None => (0..length(&node.shape) as u32).map(|index| Element { port: id, index }).collect(),
        }
    }

    fn pick(&mut self, id: PortId, shape: Vec<usize>, picked: &[usize]) -> PortId {
        let all = self.elements(id);
        self.view(id, shape, picked.iter().map(|i| all[*i]).collect())
    }

    fn view(&mut self, id: PortId, shape: Vec<usize>, elements: Vec<Element>) -> PortId {
        let node = &self.ports[id.0 as usize];
        let view = PortNode { shape, elements: Some(elements), ..node.clone() };
        self.ports.push(view);
        PortId(self.ports.len() as u32 - 1)
    }

    fn view_error(&self, operation: &'static str, id: PortId, fault: String) -> GraphError {
        GraphError::View { operation, port: self.port_name(id), shape: self.ports[id.0 as usize].shape.clone(), fault }
    }
}

/// Elements between neighbours along each axis, in C order.
fn strides(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|axis| length(&shape[axis + 1..])).collect()
}

/// `f` of every multi-index of `shape`, in C order.
fn indices(shape: &[usize], f: impl Fn(&[usize]) -> usize) -> Vec<usize> {
    let strides = strides(shape);
    (0..length(shape))
        .map(|flat| {
            let at: Vec<usize> = strides.iter().zip(shape).map(|(stride, n)| flat / stride % n).collect();
            f(&at)
        })
        .collect()
}
