# SPDX-License-Identifier: MIT
"""The smallest classify with PyTorch: classify_torch.py WEIGHTS.pt IMAGE THREADS (a square image)."""

import json
import sys

import torch
import torch.nn.functional as F
from PIL import Image


def convolve(name, x, **options):
    return F.relu_(F.conv2d(x, *weights[name], **options))


def fire(name, x):
    x = convolve(f"{name}/squeeze1x1", x)
    return torch.cat([convolve(f"{name}/expand1x1", x), convolve(f"{name}/expand3x3", x, padding=1)], 1)


def pool(x):
    return F.max_pool2d(x, 3, 2, ceil_mode=True)


weights_path, image_path, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
weights = torch.load(weights_path)
rgb = Image.open(image_path).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
pixels = torch.frombuffer(bytearray(rgb.tobytes()), dtype=torch.uint8).view(224, 224, 3)
mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
with torch.inference_mode():
    x = ((pixels / 255 - mean) / std).permute(2, 0, 1)[None].contiguous()
    x = pool(convolve("conv1", x, stride=2))
    x = pool(fire("fire3", fire("fire2", x)))
    x = pool(fire("fire5", fire("fire4", x)))
    x = fire("fire9", fire("fire8", fire("fire7", fire("fire6", x))))
    scores = convolve("conv10", x).mean((2, 3))[0]
    probabilities = torch.softmax(scores, 0)
    top = torch.topk(scores, 5).indices.tolist()
answer = [{"class": c, "score": scores[c].item(), "probability": probabilities[c].item()} for c in top]
print(json.dumps({"predictions": answer}))
