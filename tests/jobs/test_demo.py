from weft.jobs.demo import demo
from weft.jobs.options import FitOptions


def test_demo_writes_data_model_and_report_and_can_be_repeated(tmp_path):
    """Protects the demo's files, and a second demo in the same place."""
    options = FitOptions(model="tiny", threads=1)
    demo(tmp_path / "d", options)
    fitted = demo(tmp_path / "d", options)
    assert {path.name for path in (tmp_path / "d").iterdir()} == {"demo.csv.gz", "model", "report.html"}
    assert {"0", "0.5"} <= set(fitted.metrics["test"])
