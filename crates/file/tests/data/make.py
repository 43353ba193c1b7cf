"""Writes the fixtures of this folder with NumPy; run it in the folder."""
import numpy as np

types = ["<f8", ">f8", "<f4", ">f4", "<i8", ">i8", "<i4", ">i2", "<i2", "|i1", "|u1", "<u2", ">u4", "<u8", "|b1"]
arrays = {}
for name in types:
    base = np.arange(24).reshape(2, 3, 4) - (0 if name[1] in "ub" else 12)
    array = (base % 2 == 0) if name == "|b1" else base.astype(name)
    key = name.replace("<", "le_").replace(">", "be_").replace("|", "")
    arrays["c_" + key] = array
    arrays["f_" + key] = np.asfortranarray(array)
arrays["scalar"] = np.array(2.5)
arrays["empty"] = np.zeros((0, 3))
np.savez("plain.npz", **arrays)
np.savez_compressed("compressed.npz", a=np.arange(6, dtype=np.int32).reshape(2, 3), b=np.array([0.5, np.nan, -np.inf]))
np.save("complex.npy", np.array([1 + 2j]))
np.save("record.npy", np.zeros(2, dtype=[("a", "<i4"), ("b", "<f8")]))
