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

w = np.array([[100, -20, 30, 4], [-100, 20, 60, -8]])
samples = np.array([[4, 0, 2, 1], [0, 4, 1, 3], [2, 2, 4, 0]], dtype=np.uint8)
holed = w.astype(float)
holed[1, 2] = np.nan
high = samples.copy()
high[1, 3] = 9
np.savez(
    "net.npz", w=w, flat=w.ravel(), holed=holed, fine=w + 0.5, samples=samples, high=high, half=samples / 4,
    narrow=samples[:, :3], labels=np.array([0, 1, 1]), beyond=np.array([0, 1, 2]), short=np.array([0, 1]),
)
