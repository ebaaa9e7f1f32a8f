"""The job of `examples/glue` under spark-submit, on the strict endpoint: `make test-spark`.

In ``local[2]``, and in ``local-cluster[2,1,1024]``, which is two executors as processes of their own. There one is
killed, then the driver, and a driver in local mode resumes the job; every copy is equal to what it should be. Then an
executor without dynasmith. Prints what it did, and exits 1 when anything is not as it should be.

    python tests/spark/glue_job.py PYTHON_WITH_PYSPARK [ITEMS]
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from dynasmith import Consent
from dynasmith.local import start_ministack
from dynasmith.project.project import Project, connect
from dynasmith.strict import StrictServer
from item_stories.killing import SECONDS_MAX, kill, until_written
from item_stories.soak_copy import TABLE, airports, say
from item_stories.test_killed_stories import MOVES

SCRIPT = Path(__file__).parents[2] / "examples" / "glue" / "job.py"
GLUE = (
    "--JOB_NAME", "copy-orders", "--JOB_ID", "j_1", "--JOB_RUN_ID", "jr_1", "--TempDir", "s3://a/b",
    "--enable-metrics", "true",
)  # fmt: skip
"""Arguments that Glue adds to those of a job."""

LOGGING = """
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
"""
TABLES = ("airports", "local_copy", "cluster_copy", "command_copy")
CLUSTER = "local-cluster[2,1,1024]"


class Spark:
    """spark-submit, and pyspark beside dynasmith, of an environment of their own."""

    def __init__(self, python: str, folder: Path) -> None:
        self.python, self.folder = python, folder
        home = subprocess.run(
            [python, "-c", "import pyspark; print(pyspark.__path__[0])"], check=True, capture_output=True, text=True
        ).stdout.strip()
        (folder / "log4j2.properties").write_text(LOGGING, encoding="utf-8")
        self.variables = {**os.environ, "SPARK_HOME": home, "PYSPARK_PYTHON": python, "SPARK_CONF_DIR": str(folder)}
        self.submit_path = str(Path(home) / "bin" / "spark-submit")

    @contextmanager
    def running(self, *words: str, **variables: str) -> Iterator["subprocess.Popen[str]"]:
        """A program; ended and waited for at the end, with all that it began."""
        with (self.folder / "spark.log").open("w+", encoding="utf-8") as log:
            process = subprocess.Popen(
                words, cwd=self.folder, env=self.variables | variables, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
            )  # fmt: skip
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()

    def submit(self, master: str, *words: str) -> tuple[str, ...]:
        """The command that runs the job of the example."""
        return (self.submit_path, "--master", master, str(SCRIPT), *GLUE, "--env", "here", *words)

    def done(self, *words: str, **variables: str) -> str:
        """What a program printed. Raises SystemExit where it fails."""
        with self.running(*words, **variables) as process:
            out, _ = process.communicate(timeout=SECONDS_MAX)
        if process.returncode:
            raise SystemExit(f"{' '.join(words)} ended with {process.returncode}: {self.log}")
        return out

    @property
    def log(self) -> str:
        """What the last program wrote on stderr."""
        return (self.folder / "spark.log").read_text("utf-8")


def main(python: str, count: int) -> int:
    """Run it in a folder that is gone at the end; the exit code."""
    with tempfile.TemporaryDirectory(prefix="dynasmith-spark-") as name, start_ministack() as engine:
        folder = Path(name)
        (folder / "moves.py").write_text(MOVES, encoding="utf-8")
        tables = ", ".join(TABLE.format(name=each) for each in TABLES)
        (folder / "tables_config.json").write_text(f'{{"tables": [{tables}]}}', encoding="utf-8")
        with StrictServer(engine.endpoint, clock="real", capacity=False) as strict:
            settings = f'[environments.here]\nendpoint = "{strict.endpoint}"\nregion = "us-east-1"\n'
            (folder / "dynasmith.toml").write_text(
                f'definitions = ["tables_config.json"]\n{settings}', encoding="utf-8"
            )
            with Project.load(folder, env="here", consent=Consent(yes=True)) as project:
                project.ensure()
                with connect(endpoint=engine.endpoint, folder=folder, consent=Consent(yes=True)) as direct:
                    filled = direct.populate("airports", lambda: airports(count))
                say(f"{filled.counts.written:,} real items: digest {filled.target}")
                return 0 if _runs(project, Spark(python, folder), count) else 1


def _runs(project: Project, spark: Spark, count: int) -> bool:
    copied = spark.done(*spark.submit("local[2]", "--source", "airports", "--target", "local_copy", "--workers", "2"))
    equal = project.verify("airports", "local_copy").equal
    say(f"local[2]: {copied.strip()}; {'equal' if equal else 'NOT EQUAL'}")
    job = _killed(spark, count)
    copied = spark.done(*spark.submit("local[2]", "--resume", job, "--workers", "1"))
    resumed = project.verify("airports", "cluster_copy", job=job).equal
    say(f"resumed by a driver in local mode: {copied.strip()}; {'equal' if resumed else 'NOT EQUAL'}")
    command = (spark.python, "-m", "dynasmith", "copy", "airports", "command_copy", "--env", "here", "--on", "spark")
    copied = spark.done(*command, "--yes", "--json", PYSPARK_SUBMIT_ARGS="--master local[2] pyspark-shell")
    commanded = project.verify("airports", "command_copy").equal
    say(f"dynasmith copy --on spark: {json.loads(copied)['arithmetic']}; {'equal' if commanded else 'NOT EQUAL'}")
    return equal and resumed and commanded and _without_dynasmith(spark)


def _killed(spark: Spark, count: int) -> str:
    """A job on two executors: one is killed, and is replaced; then the driver is killed."""
    before = _jobs(spark.folder)
    words = "--source", "airports", "--target", "cluster_copy", "--transform", "moves:split_name", "--workers", "2"
    with spark.running(*spark.submit(CLUSTER, *words)) as process:
        while not (job := next(iter(_jobs(spark.folder) - before), "")):
            assert process.poll() is None, spark.log
            time.sleep(0.1)
        until_written(spark.folder, job, count // 8, process)
        executors = _executors(process.pid)
        assert len(executors) == 2, f"{executors} instead of two executors"
        os.kill(executors[0], signal.SIGKILL)
        say(f"{CLUSTER}: {job}: executor {executors[0]} was killed")
        until_written(spark.folder, job, count * 5 // 8, process)
        kill(process)
        os.killpg(process.pid, signal.SIGKILL)
    say(f"{job}: its driver was killed")
    return job


def _without_dynasmith(spark: Spark) -> bool:
    """Executors whose Python has no dynasmith: one sentence, at once."""
    bare = spark.folder / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    spark.variables |= {"PYSPARK_PYTHON": str(bare / "bin" / "python"), "PYSPARK_DRIVER_PYTHON": spark.python}
    with spark.running(*spark.submit("local[2]", "--source", "airports", "--target", "local_copy")) as process:
        said, _ = process.communicate(timeout=SECONDS_MAX)  # spark-submit prints stderr of a driver on stdout
    wanted = (
        "Every task on the Spark cluster ended before a worker dialled in: "
        "ModuleNotFoundError: No module named 'dynasmith'."
    )
    told = process.returncode == 1 and wanted in said
    say("executors without dynasmith are named" if told else f"ended with {process.returncode}: {said}")
    return told


def _jobs(folder: Path) -> set[str]:
    return {path.name for path in (folder / ".dynasmith" / "jobs").glob("*") if (path / "segments").is_dir()}


def _executors(driver: int) -> list[int]:
    """The executors of a driver: processes of its session that run that class of Spark."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes()
            if b"CoarseGrainedExecutorBackend" in words and os.getsid(int(path.name)) == driver:
                found.append(int(path.name))
        except OSError:
            continue
    return sorted(found)


if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    sys.exit(main(str(Path(sys.argv[1]).absolute()), int(sys.argv[2]) if len(sys.argv) > 2 else 20_000))
