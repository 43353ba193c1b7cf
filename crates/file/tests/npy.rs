//! Arrays as NumPy writes them, arrays as NumPy can read them, and arrays that are broken.

#![allow(clippy::unwrap_used)] // a test fails where it unwraps

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use pumice_file::{Array, ArrayError, Data, decode, npy_bytes, read_npy, read_npz, read_npz_all, write_npy, write_npz};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

#[test]
fn every_type_and_order_of_numpy_is_read() {
    let all = read_npz_all(&data("plain.npz")).unwrap();
    assert_eq!(all.len(), 32);
    for (name, array) in &all {
        let Some((_, element)) = name.split_once('_') else { continue };
        assert_eq!(array.shape(), [2, 3, 4], "{name}");
        let expected: Vec<i64> = match element {
            "b1" => (0..24).map(|k| i64::from(k % 2 == 0)).collect(),
            unsigned if unsigned.contains('u') => (0..24).collect(),
            _ => (-12..12).collect(),
        };
        assert_eq!(array.to_int().unwrap(), expected, "{name}");
        assert_eq!(matches!(array.data(), Data::Real(_)), element.contains('f'), "{name}");
    }
    let scalar = read_npz(&data("plain.npz"), "scalar").unwrap();
    assert_eq!((scalar.shape(), scalar.to_real()), ([].as_slice(), vec![2.5]));
    assert_eq!(read_npz(&data("plain.npz"), "empty").unwrap().shape(), [0, 3]);
}

#[test]
fn compressed_archives_are_read() {
    let path = data("compressed.npz");
    assert_eq!(read_npz(&path, "a").unwrap(), Array::ints(0..6).reshape(&[2, 3]).unwrap());
    let b = read_npz(&path, "b").unwrap().to_real();
    assert!(b[0] == 0.5 && b[1].is_nan() && b[2] == f64::NEG_INFINITY);
    let fault = read_npz(&path, "c").unwrap_err().to_string();
    assert_eq!(fault, format!("`{}` has no array `c`; there are `a`, `b`", path.display()));
}

#[test]
fn types_without_meaning_are_named() {
    for (file, dtype) in [("complex.npy", "<c16"), ("record.npy", "[('a', '<i4'), ('b', '<f8')]")] {
        match read_npy(&data(file)).unwrap_err() {
            ArrayError::Type { dtype: found, .. } => assert_eq!(found, dtype),
            other => panic!("{other}"),
        }
    }
}

/// The header that NumPy itself writes for this array, byte for byte.
#[test]
fn the_bytes_are_those_of_numpy() {
    let bytes = npy_bytes(&Array::reals([1.0, 2.0]));
    assert_eq!(bytes.len(), 128 + 16);
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";
    assert_eq!(bytes[..10], *b"\x93NUMPY\x01\x00\x76\x00");
    assert!(bytes[10..].starts_with(header.as_bytes()) && bytes[127] == b'\n');
    assert!(bytes[10 + header.len()..127].iter().all(|b| *b == b' '));
}

#[test]
fn headers_do_not_decide_what_is_allocated() {
    let header = |text: &str| {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
    };
    let read = |bytes: &[u8]| decode(&mut &*bytes, "x").unwrap_err().to_string();
    let shape = |shape: &str| header(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"));
    let table: [(Vec<u8>, &str); 9] = [
        (vec![], "x is no `.npy` array: it ends within its header"),
        (b"PK\x03\x04....".to_vec(), "x is no `.npy` array: it does not start with `\\x93NUMPY`"),
        (b"\x93NUMPY\x09\x00\x00\x00".to_vec(), "x is no `.npy` array: its version is 9; allowed is 1..=3"),
        (
            b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(),
            "x is no `.npy` array: its header has 4294967295 bytes; allowed is at most 65536",
        ),
        (header("{}"), "x is no `.npy` array: its header cannot be understood"),
        (
            shape("(1099511627776, 1099511627776)"),
            "x is no `.npy` array: its shape [1099511627776, 1099511627776] is too large",
        ),
        (
            shape("(1099511627776,)"),
            "x is no `.npy` array: its shape [1099511627776] needs 8796093022208 bytes, there are 0",
        ),
        (shape("(-1,)"), "x is no `.npy` array: its header cannot be understood"),
        (
            [shape("()"), vec![0; 9]].concat(),
            "x is no `.npy` array: there are more than the 8 bytes that its shape [] needs",
        ),
    ];
    for (bytes, expected) in table {
        assert_eq!(read(&bytes), expected);
    }
}

#[test]
fn writing_leaves_no_half_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    write_npz(&path, &[("x", &Array::ints([1]))]).unwrap();
    let old = std::fs::read(&path).unwrap();
    write_npz(&path, &[("x", &Array::ints([1]))]).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), old, "the same arrays give the same bytes");
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(names, ["a.npz"]);
    let missing = folder.path().join("no/a.npy");
    let fault = write_npy(&missing, &Array::ints([1])).unwrap_err().to_string();
    assert!(fault.starts_with(&format!("cannot write `{}`: ", missing.display())), "{fault}");
}

fn any_array() -> impl Strategy<Value = Array> {
    prop::collection::vec(0usize..4, 0..4).prop_flat_map(|shape| {
        let n: usize = shape.iter().product();
        let ints = prop::collection::vec(any::<i64>(), n).prop_map(Data::Int);
        let reals = prop::collection::vec(-1e300..1e300, n).prop_map(Data::Real);
        prop_oneof![ints, reals].prop_map(move |data| Array::new(&shape, data).expect("as many elements"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// What is written is read back the same.
    #[test]
    fn round_trip(a in any_array(), b in any_array()) {
        let folder = tempfile::tempdir().unwrap();
        let (npz, npy) = (folder.path().join("x.npz"), folder.path().join("x.npy"));
        write_npz(&npz, &[("a", &a), ("b/c", &b)]).unwrap();
        write_npy(&npy, &a).unwrap();
        prop_assert_eq!(read_npz_all(&npz).unwrap(), vec![("a".to_owned(), a.clone()), ("b/c".to_owned(), b)]);
        prop_assert_eq!(read_npy(&npy).unwrap(), a);
    }

    /// Damaged files are refused or read, never a panic.
    #[test]
    fn damage_never_panics(place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        for name in ["plain.npz", "compressed.npz", "complex.npy", "record.npy"] {
            let mut bytes = std::fs::read(data(name)).unwrap();
            let at = place.index(bytes.len());
            bytes[at] = byte;
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            for n in [bytes.len(), cut.index(bytes.len())] {
                std::fs::write(&path, &bytes[..n]).unwrap();
                let _ = (read_npz_all(&path), read_npy(&path), decode(&mut &bytes[..n], "x"));
            }
        }
    }
}
