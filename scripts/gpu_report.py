"""The page of a result of scripts/gpu-check."""


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(map(str, row)) + " |" for row in rows)]) + "\n"


def seconds(value):
    return "" if value is None else f"{value:.3g}"


def ratio(row, name):
    return "" if row.get(f"ratio_{name}") is None else f"{row[f'ratio_{name}']:.2f}"


def page(found):
    parts = found["parts"]
    machine = parts.get("machine", {})
    gpu = ", ".join(machine.get("gpu", [])) or "no GPU"
    findings = machine.get("doctor", {}).get("findings", {})
    lines = ["# On a GPU\n"]
    if found["is_dry"]:
        lines.append("A dry run without a GPU: the numbers only show that `scripts/gpu-check` works.\n")
    text = lambda name: findings.get(name, {}).get("text", "unknown")  # noqa: E731
    lines.append(f"`scripts/gpu-check`, {found['at']}, {found.get('seconds', 0):.0f} s: {gpu}; {machine.get('cpus')} CPUs. {text('program')}; libtorch {text('libtorch')}.\n")
    names = [name for name in parts]
    lines.append(table(["part", "state", "seconds", "remark"], [
        (name, parts[name]["state"], parts[name]["part_seconds"], first(parts[name])) for name in names
    ]))
    rows = []
    if "agree" in parts:
        agree = parts["agree"]
        rows.append(("networks: outputs, gradients, five epochs", agree.get("networks", {}).get("networks", "failed"), ""))
        for key, value in agree.items():
            if key.startswith("examples_"):
                rows.append((f"examples of the documentation on {key.removeprefix('examples_')}", value["summary"], ", ".join(value["failed"][:10])))
    if "recorded" in parts:
        rows.append(("captured steps against plain ones, optimizers", parts["recorded"].get("steps", {}).get("ways", "failed"), ""))
    resume = parts.get("resume", {})
    if "largest_difference" in resume:
        same = "the same bits" if resume["is_same_bits"] else f"losses differ by at most {resume['largest_difference']:.2g}"
        replay = f"replay ends with {resume['replay']['code']}" if "replay" in resume else ""
        rows.append(("a training that was ended within an epoch and resumed", same, replay))
    if rows:
        lines.append("## Agreement\n")
        lines.append(table(["compared", "result", "failed"], rows))
    speed = parts.get("speed", {}).get("rows")
    if speed:
        lines.append("## Speed\n")
        lines.append(
            f"Seconds of a step, a prediction or a call, and how many times faster than PyTorch {parts['speed'].get('peer', {}).get('version', '(not measured)')}: "
            "eager, and compiled with `mode=\"reduce-overhead\"`.\n"
        )
        lines.append(table(["work", "batch", "cistron, s", "times eager", "times compiled", "remark"], [
            (f"{row['work']}, {row['mode']}", row["batch"], seconds(row["ours_s"]), ratio(row, "eager"), ratio(row, "compiled"), first(row)) for row in speed
        ]))
    memory = parts.get("memory", {})
    if memory.get("rows"):
        lines.append("## Memory and transfer\n")
        lines.append(table(["training", "batch", "cistron, MiB", "eager, MiB"], [
            (row["work"], row["batch"], row.get("ours_mib") or "", row.get("eager_mib") or "") for row in memory["rows"]
        ]))
    if memory.get("transfer"):
        lines.append(table(["copy of, MiB", "to the device, GB/s", "from it, GB/s"], [
            (row["mib"], f"{row['up_gb_s']:.2f}", f"{row['down_gb_s']:.2f}") for row in memory["transfer"]["copies"]
        ]))
        lines.append(table(["matrix product", "TFLOP/s"], [
            (f"{row['n']} x {row['n']}, {row['kind']}", f"{row['tflop_s']:.2f}") for row in memory["transfer"]["products"]
        ]))
    return "\n".join(lines)


def first(part):
    """The first line of what is remarkable."""
    for name in ("fault", "eager_fault", "compiled_fault", "skipped", "note"):
        if part.get(name):
            return part[name].splitlines()[0].replace("|", "/")[:160]
    return ""
