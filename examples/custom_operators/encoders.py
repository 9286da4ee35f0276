"""An image encoder with the face of SigLIP's: pixels in, vectors of length one out, and how well
they fit a text. The model here is a few random projections; a real one is loaded in `setup`."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pyarrow as pa
from PIL import Image

import millrace

SIDE, WIDTH = 16, 32


class TinySigLip:
    """`get_image_features` and `get_text_features`, as transformers' SiglipModel has them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._project = self._numbers("image", SIDE * SIDE * 3 * WIDTH).reshape(-1, WIDTH)

    def _numbers(self, what: str, count: int) -> np.ndarray:
        seed = hashlib.sha256(f"{self.name}/{what}".encode()).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(seed[:8]))).standard_normal(count)

    def get_image_features(self, pixels: np.ndarray) -> np.ndarray:
        return np.stack([_unit(one.reshape(-1) @ self._project) for one in pixels])

    def get_text_features(self, text: str) -> np.ndarray:
        return _unit(self._numbers(text, WIDTH))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


@millrace.operator(
    kind="score",
    reads=["{field}"],
    writes={"fits": pa.float64(), "vector": pa.list_(pa.float32())},
    batch_size=64,
    concurrency=1,
)
class ImageEncoder:
    """A vector for each image, and how well it fits a text. What is no image is a reject."""

    def __init__(self, *, field: str, text: str, model: str = "tiny") -> None:
        self.text, self.model = text, model

    def setup(self) -> None:
        self.encoder = TinySigLip(self.model)  # once per worker
        self.wanted = self.encoder.get_text_features(self.text)

    def __call__(self, batch: pa.RecordBatch, context: millrace.Context) -> dict[str, np.ndarray]:
        column = batch.column(0)
        images = column.field("bytes") if pa.types.is_struct(column.type) else column
        pixels = np.zeros((len(images), SIDE, SIDE, 3))
        for row, data in enumerate(images):
            try:
                image = Image.open(io.BytesIO(data.as_py() or b"")).convert("RGB")
            except Exception:  # Pillow raises whatever a broken file makes it
                context.reject(row, "image.unreadable", "it is no image")
            else:
                pixels[row] = np.asarray(image.resize((SIDE, SIDE)), dtype=float) / 255
        vectors = self.encoder.get_image_features(pixels)
        return {"fits": vectors @ self.wanted, "vector": vectors.astype(np.float32)}
