# SPDX-License-Identifier: MIT
"""The smallest classify with ONNX Runtime: classify_onnx.py MODEL.onnx IMAGE THREADS (a square image)."""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image

model_path, image_path, threads = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(threads)
session = onnxruntime.InferenceSession(model_path, options, providers=["CPUExecutionProvider"])
rgb = Image.open(image_path).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
mean, std = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
x = ((np.float32(rgb) / 255 - mean) / std).transpose(2, 0, 1)[None]
scores = session.run(None, {"image": np.ascontiguousarray(x)})[0].ravel()
exponentials = np.exp(scores - scores.max())
probabilities = exponentials / exponentials.sum()
top = np.argsort(-scores)[:5].tolist()
answer = [{"class": c, "score": float(scores[c]), "probability": float(probabilities[c])} for c in top]
print(json.dumps({"predictions": answer}))
