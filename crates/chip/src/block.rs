//! Memory for large tables: on large pages where the system gives some, so that rows at random cost no look-up of their page.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytemuck::Pod;
use memmap2::MmapMut;

/// A fixed number of plain values, at first all zero.
#[derive(Debug)]
pub struct Block<T>(Memory<T>);

#[derive(Debug)]
enum Memory<T> {
    Heap(Vec<T>),
    Pages(MmapMut, PhantomData<T>),
}

/// Bytes from which on a block has pages of its own: some large pages of 2 MB.
const LARGE: usize = 8 << 20;

impl<T: Pod> Block<T> {
    /// `n` zeros.
    pub fn zeroed(n: usize) -> Self {
        let bytes = n.saturating_mul(size_of::<T>());
        let pages = if bytes < LARGE { None } else { large_pages(bytes) };
        Block(match pages {
            Some(pages) => Memory::Pages(pages, PhantomData),
            None => Memory::Heap(vec![T::zeroed(); n]),
        })
    }
}

/// Memory for which the system is asked to use large pages.
#[cfg(target_os = "linux")]
fn large_pages(bytes: usize) -> Option<MmapMut> {
    let pages = MmapMut::map_anon(bytes).ok()?;
    pages.advise(memmap2::Advice::HugePage).ok()?;
    Some(pages)
}

/// Other systems choose their pages themselves.
#[cfg(not(target_os = "linux"))]
fn large_pages(_bytes: usize) -> Option<MmapMut> {
    None
}

impl<T: Pod> Deref for Block<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Memory::Heap(values) => values,
            Memory::Pages(pages, _) => bytemuck::cast_slice(pages),
        }
    }
}

impl<T: Pod> DerefMut for Block<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            Memory::Heap(values) => values,
            Memory::Pages(pages, _) => bytemuck::cast_slice_mut(pages),
        }
    }
}

impl<T: Pod + PartialEq> PartialEq for Block<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Pod + Eq> Eq for Block<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_any_size_hold_what_is_written() {
        for n in [0, 3, LARGE / 4 - 1, LARGE / 4, LARGE / 4 + 5] {
            let mut block = Block::<u32>::zeroed(n);
            assert_eq!(block.len(), n);
            assert!(block.iter().all(|x| *x == 0));
            if let Some(last) = block.last_mut() {
                *last = 7;
                assert_eq!(block[n - 1], 7);
                assert_ne!(block, Block::zeroed(n));
            }
            assert_eq!(Block::<u32>::zeroed(n), Block::zeroed(n));
        }
        assert_eq!(matches!(Block::<u32>::zeroed(LARGE).0, Memory::Pages(..)), cfg!(target_os = "linux"));
    }
}
