//! What one spike sets off on all cores together, so that a sum over cores needs no look at single packets.

use pumice_meter::{Counts, Event};
use serde::{Deserialize, Serialize};

use super::{Packet, add_reads};
use crate::image::ChipImage;
use crate::mesh::CoreId;

/// What one spike of an element sets off on all cores together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Whole {
    pub(super) packets: u64,
    local: u64,
    hops: [u64; 5],
    /// By event of [`READS`](super::READS).
    reads: [u64; 7],
}

impl Whole {
    /// Adds a packet and its hops; it comes from outside if there is no sender.
    pub(super) fn add(&mut self, image: &ChipImage, from: Option<CoreId>, packet: &Packet) {
        self.packets += 1;
        self.reads.iter_mut().zip(packet.reads()).for_each(|(sum, n)| *sum += u64::from(n));
        let (Some(from), to) = (from, CoreId(packet.core)) else { return };
        self.local += u64::from(image.mesh.tile_number(from) == image.mesh.tile_number(to));
        let hops = image.mesh.hops(from, to);
        let each = [hops.east, hops.west, hops.north, hops.south, hops.crossings];
        self.hops.iter_mut().zip(each).for_each(|(sum, n)| *sum += u64::from(n));
    }

    /// What the sender is charged for: its packets and their hops.
    pub(super) fn add_sending(&self, spikes: u64, load: &mut Counts) {
        let [east, west, north, south, crossings] = self.hops;
        for (event, n) in [
            (Event::PacketOut, self.packets),
            (Event::PacketLocal, self.local),
            (Event::HopEast, east),
            (Event::HopWest, west),
            (Event::HopNorth, north),
            (Event::HopSouth, south),
            (Event::ChipCrossing, crossings),
        ] {
            load.add(event, spikes * n);
        }
    }

    /// What receivers are charged for.
    pub(super) fn add_receiving(&self, spikes: u64, sum: &mut Counts) {
        sum.add(Event::PacketIn, spikes * self.packets);
        add_reads(self.reads, spikes, sum);
    }
}
