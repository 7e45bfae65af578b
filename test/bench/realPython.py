"""The Python sides of `npm run bench -- real`: one network of one folder in a process of its own, one line of JSON.

  python realPython.py torch  FOLDER WIDTH HEIGHT STEPS THREADS          diffusers on torch, single precision
  python realPython.py export FOLDER OUT                                 the same network as ONNX by optimum-onnx (torch.onnx.export where it is not installed)
  python realPython.py ort    FOLDER OUT WIDTH HEIGHT STEPS THREADS      the exported network in onnxruntime's own Python package

Every step is one call of the U-Net with two rows, as guidance asks for. WIDTH and HEIGHT are pixels.
"""

import json
import re
import sys
import time
from pathlib import Path


def memory_mib(field):
    return int(re.search(field + r":\s+(\d+)", Path("/proc/self/status").read_text()).group(1)) // 1024


def inputs(config, width, height):
    import numpy as np

    def noise(*shape):
        return np.sin((np.arange(np.prod(shape)) + 1.0) * (np.arange(np.prod(shape)) + 7.0)).astype("float32").reshape(shape)

    feeds = {
        "sample": noise(2, config["in_channels"], height // 8, width // 8),
        "encoder_hidden_states": noise(2, 77, config["cross_attention_dim"]),
    }
    if config.get("addition_embed_type") == "text_time":
        pooled = config["projection_class_embeddings_input_dim"] - 6 * config["addition_time_embed_dim"]
        feeds["text_embeds"] = noise(2, pooled)
        feeds["time_ids"] = np.array([[height, width, 0, 0, height, width]] * 2, dtype="float32")
    return feeds


def report(**figures):
    print(json.dumps({**figures, "peakMib": memory_mib("VmHWM")}))


def timed(call, steps):
    took = []
    for _ in range(steps):
        start, cpu = time.perf_counter(), time.process_time()
        result = call()
        took.append({"ms": 1000 * (time.perf_counter() - start), "cpuMs": 1000 * (time.process_time() - cpu)})
    return took, result


def load_torch(folder):
    import torch
    from diffusers import UNet2DConditionModel

    torch.set_grad_enabled(False)
    return UNet2DConditionModel.from_pretrained(folder, torch_dtype=torch.float32).eval()


def run_torch(folder, width, height, steps, threads):
    import torch

    torch.set_num_threads(int(threads))
    start = time.perf_counter()
    model = load_torch(folder)
    load_ms = 1000 * (time.perf_counter() - start)
    feeds = {name: torch.from_numpy(data) for name, data in inputs(model.config, int(width), int(height)).items()}
    added = {name: feeds.pop(name) for name in ("text_embeds", "time_ids") if name in feeds}
    step = lambda: model(timestep=torch.tensor(500), added_cond_kwargs=added, **feeds).sample
    calls, result = timed(step, int(steps))
    report(version=f"torch {torch.__version__}", loadMs=load_ms, calls=calls, checksum=float(result.abs().sum()))


def export(folder, out):
    import torch

    start = time.perf_counter()
    model = load_torch(folder)
    Path(out).mkdir(parents=True, exist_ok=True)
    file = Path(out) / "model.onnx"
    try:
        from optimum.exporters.onnx import export as optimum_export
        from optimum.exporters.onnx.model_configs import UNetOnnxConfig

        model.config.text_encoder_projection_dim = 1280
        model.config.requires_aesthetics_score = False
        model.config.time_cond_proj_dim = None
        optimum_export(model=model, config=UNetOnnxConfig(model.config, task="semantic-segmentation"), output=file)
        how = "optimum-onnx"
    except ImportError:
        args = {name: torch.from_numpy(data) for name, data in inputs(model.config, 512, 512).items()}
        axes = {name: {0: "n", 2: "h", 3: "w"} if name == "sample" else {0: "n"} for name in args}
        names = ["sample", "timestep", "encoder_hidden_states"]
        example = (args["sample"], torch.tensor(500), args["encoder_hidden_states"])
        torch.onnx.export(model, example, file, input_names=names, dynamic_axes=axes, opset_version=18, dynamo=False)
        how = "torch.onnx.export"
    size = sum(path.stat().st_size for path in Path(out).iterdir())
    (Path(out) / "done").write_text(how)
    report(version=how, exportMs=1000 * (time.perf_counter() - start), diskBytes=size)


def run_ort(folder, out, width, height, steps, threads):
    import onnxruntime

    config = json.loads((Path(folder) / "config.json").read_text())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(threads)
    start = time.perf_counter()
    session = onnxruntime.InferenceSession(Path(out) / "model.onnx", options, providers=["CPUExecutionProvider"])
    load_ms = 1000 * (time.perf_counter() - start)
    import numpy as np

    wanted = {value.name: value for value in session.get_inputs()}
    feeds = {name: data for name, data in inputs(config, int(width), int(height)).items() if name in wanted}
    kind = np.int64 if "int64" in wanted["timestep"].type else np.float32
    feeds["timestep"] = np.full([] if len(wanted["timestep"].shape) == 0 else [1], 500, dtype=kind)
    calls, result = timed(lambda: session.run(None, feeds)[0], int(steps))
    report(version=f"onnxruntime {onnxruntime.__version__}", loadMs=load_ms, calls=calls, checksum=float(abs(result).sum()))


{"torch": run_torch, "export": export, "ort": run_ort}[sys.argv[1]](*sys.argv[2:])
