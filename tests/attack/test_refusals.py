"""Bad inputs, each a row: one line that says what is wrong, exit code 2, and nothing written.

Below the table: what reaches the terminal, and names that are taken. All of it is in one file, as
processes that share the tests share them by files, and the ground is dear.
"""

import os
import shutil
import unicodedata

import pytest
from ground import TINY, contents, refused

from tests.loaded import NO_READER

NAMES = ["train", "generate", "evaluate", "classify", "compare", "imbalance", "augcls"]
REAL = ["--dataset=photos/", "--inception=graph.pb"]
MANY = "9" * 30
LONG = "n" * 300
PLAN = ["--dataset=photos/", "--method=dcgan", *TINY, "--dry_run"]

# Command, arguments, and words of the line. Paths are on the ground of `conftest.py`.
ROWS = [
    # Flags that are unknown, lack a value, or have one of the wrong kind.
    *[(name, ["--nonsense=1"], "Unknown command line flag 'nonsense'") for name in NAMES],
    *[(name, ["photos"], "unexpected argument 'photos'") for name in NAMES],
    *[(name, ["--seed=many"], "seed") for name in NAMES],
    *[(name, ["--seed=-1"], "--seed is -1; it must be at least 0") for name in NAMES],
    *[(name, [f"--seed={MANY}"], "--seed is 99999") for name in NAMES],
    *[(name, ["--seed="], "seed") for name in NAMES],
    *[(name, ["--seed=1.5"], "seed") for name in NAMES],
    *[(name, ["--seed=0x"], "seed") for name in NAMES],
    *[("train", [f"--{flag}=nan"], f"--{flag} is nan") for flag in
      ("mu", "lambda", "learning_rate", "ema", "minutes")],
    *[("train", [f"--{flag}=inf"], f"--{flag} is inf") for flag in
      ("mu", "lambda", "learning_rate", "ema", "minutes")],
    *[("train", [f"--{flag}=0"], f"--{flag} is 0") for flag in
      ("batch_size", "critic_steps", "latent_dim", "base_channels", "iterations", "log_every",
       "checkpoint_every", "sample_every", "learning_rate", "minutes")],
    *[("train", [f"--{flag}={MANY}"], f"--{flag} is 9999") for flag in
      ("batch_size", "critic_steps", "latent_dim", "base_channels", "iterations", "log_every",
       "checkpoint_every", "sample_every", "image_size", "test_per_class")],
    *[("compare", [f"--{flag}=0"], f"--{flag} is 0") for flag in
      ("seeds", "iterations", "per_class", "classifier_seeds", "classifier_epochs")],
    *[("classify", [f"--{flag}={MANY}"], f"--{flag} is 99999") for flag in
      ("seeds", "epochs", "real_per_class", "image_size")],
    ("train", ["--base_channels=33"], "a multiple of 32"),
    ("train", ["--noise=pink"], "--noise is pink"),
    ("train", ["--precision=float8"], "--precision"),
    ("train", ["--strategy=both"], "--strategy is both"),
    ("train", ["--jobs=0/0"], "--jobs is '0/0'"),
    ("train", ["--jobs=auto"], "--jobs auto finds neither"),
    ("train", ["--jobs=1/2", "--overwrite"], "--overwrite would move aside"),
    ("train", ["--method=ssgann"], "unknown method 'ssgann'"),
    ("train", ["--penalty=r2"], "penalty"),
    ("train", ["--augment_critic=yes"], "--augment_critic"),
    # Flags that came with pretrained critics, classifiers and scores.
    *[("train", ["--method=projected", f"--class_weight={value}"], f"--class_weight is {value}")
      for value in ("nan", "inf", "-1")],
    ("train", ["--method=projected", "--noconditional", "--wrong_labels"], "--wrong_labels is for"),
    ("train", ["--method=projected", "--dataset=photos/", "--classes=red", "--image_size=32",
               "--vgg_weights=random"], "there is one; add --noconditional"),
    ("train", ["--method=dcgan", "--conditional"], "dcgan has no setting 'conditional'"),
    ("train", ["--init=no/where", "--dataset=photos/", *TINY, "--mu=0"], "no/where"),
    ("train", ["--freeze=1"], "--freeze is 1, and keeps layers"),
    ("train", [f"--freeze={MANY}"], "--freeze is 9999"),
    *[("train", [f"--evaluate_every={value}"], "evaluate_every") for value in ("0", "x", MANY)],
    ("train", ["--evaluate_every=1", "--evaluate_images=1"], "--evaluate_images is 1"),
    ("train", ["--evaluate_every=1", "--features=pool_9"], "--features is pool_9"),
    ("generate", ["--run=run", "--out=new", "--checkpoint=best"], "best"),
    ("generate", ["--run=run", "--out=new", "--checkpoint=first"], "--checkpoint"),
    *[("classify", [f"--added_share={value}"], f"--added_share is {value}") for value in
      ("0.0", "1.0", "nan", "-1.0")],
    *[("classify", [f"--added_smoothing={value}"], f"--added_smoothing is {value}") for value in
      ("1.0", "nan", "-1.0")],
    ("classify", ["--schedule=later"], "--schedule is 'later'; choose one of mixed, added-then"),
    ("classify", ["--schedule=added-then-real", "--added_share=0.5"], "give one of them"),
    ("classify", ["--network=vgg16"], "--network is 'vgg16'; choose one of resnet18, resnet50"),
    ("classify", ["--rate_schedule=linear"], "--rate_schedule is 'linear'; choose one of cosine"),
    ("classify", ["--schedule=cosine"], "the learning rate has --rate_schedule cosine"),
    ("classify", ["--dataset=photos/", "--augment=crop", "--per_class=0%"],
     "a share must be from 1% to 1000%"),
    ("classify", ["--dataset=photos/", "--augment=crop", "--per_class=restore"],
     "--per_class restore: the classes have all"),
    # Flags that came with methods that train nothing, and choices of when images are made.
    ("generate", ["--method=dcgan", "--out=new"], "--method dcgan has to be trained first"),
    ("generate", ["--method=nothing", "--out=new"], "unknown method 'nothing'"),
    ("generate", ["--method=sgid", "--run=run", "--out=new"], "--run and --method exclude"),
    ("generate", ["--method=sgid", "--out=photos/new", "--dataset=photos/"],
     "--out photos/new lies in photos"),
    *[("generate", ["--run=run", "--out=new", f"--{flag}=32"], f"--{flag} needs --method")
      for flag in ("image_size", "train_per_class", "test_per_class")],
    ("generate", ["--run=run", "--out=new", "--sampler=heun"], "'sampler'"),
    *[("generate", ["--method=sgid", "--out=new", f"--{flag}={value}"], words)
      for flag, value, words in (
          ("noise", "x", "--noise is x"), ("noise", 2, "--noise is 2"),
          ("steps", 0, "--steps is 0"), ("guidance", "x", "--guidance is x; it must be map"),
          ("prompt", "x", "--prompt 'x' must"),
          ("resolution", 100, "a multiple of 16"), ("precision", "half", "--precision is half"),
          ("names", "red", "--names red: give each class once"))],
    # Flags that came with the study of imbalance.
    ("imbalance", ["--dataset=photos/", "--keep=1"], "--keep 1: give how many"),
    ("imbalance", ["--dataset=photos/", "--keep=x"], "--keep x: give how many"),
    ("imbalance", ["--dataset=photos/", "--keep=nan%"], "--keep nan%: give how many"),
    ("imbalance", ["--dataset=photos/", "--keep="], "--keep"),
    ("imbalance", ["--dataset=photos/", f"--keep={MANY}"], "--keep 9999"),
    ("imbalance", ["--dataset=photos/", "--conditions=dcgann"], "did you mean dcgan?"),
    ("imbalance", ["--dataset=photos/", "--classes=green"], "no class 'green'"),
    ("imbalance", ["--dataset=photos/", "--classes="], "--classes names no class"),
    ("imbalance", ["--dataset=photos/", "--setting=mu"], "--setting mu: give NAME=VALUE"),
    ("imbalance", ["--dataset=photos/", "--conditions=dcgan", "--setting=batch_size=0"],
     "--batch_size is 0"),
    *[("imbalance", [f"--{flag}={value}"], f"--{flag}") for flag, value in
      (("seeds", 0), ("generators", 2000), ("iterations", 0), ("minutes", "nan"),
       ("iterations", "dcgan=x"), ("minutes", "ssgan=1"), ("image_size", MANY))],
    ("imbalance", ["--seeds=2", "--generators=3"], "--generators is 3 and --seeds is 2"),
    ("imbalance", ["--conditions=singan", "--minutes=singan=1"], "singan takes all its iterations"),
    ("imbalance", ["--dataset=photos/", "--out=photos/new"], "--out photos/new lies in photos"),
    *[(name, ["--dataset=photos/", "--roi"], "--roi is for --dataset gtsrb") for name in
      ("train", "classify", "compare", "imbalance", "augcls")],
    ("generate", ["--run=run", "--out=new", "--roi"], "--roi is for --dataset gtsrb"),
    ("evaluate", ["--generated=set", *REAL, "--classifier=photos"], "photos holds no classifier"),
    ("compare", ["--dataset=photos/", "--classify", "--classifier_sizes=restore"],
     "--classifier_sizes restore needs a class"),
    ("compare", ["--tables=x"], "--tables is 'x'; give numbers"),
    ("compare", ["--figures=99"], "99"),
    ("generate", ["--run=run", "--out=new", "--per_class=many"], "--per_class is 'many'"),
    ("generate", ["--run=run", "--out=new", "--per_class=0"], "--per_class is '0'"),
    ("generate", ["--run=run", "--out=new", "--classes="], "--classes names no class"),
    ("generate", ["--run=run", "--out=new", "--classes=green"], "no trained class 'green'"),
    ("generate", ["--run=run", "--out=new", "--per_class=balance"], "no images of equal classes"),
    ("classify", ["--dataset=photos/", "--imbalance=green=3"], "green"),
    ("classify", ["--dataset=photos/", "--augment=green"], "'green' is no known augmentation"),
    ("classify", ["--dataset=photos/", "--augment=green=nowhere"], "nowhere"),
    # Folders and files that are not there, or are something else.
    *[(name, ["--dataset=no/where"], "no/where: no such folder") for name in
      ("train", "classify", "compare")],
    *[(name, ["--dataset=./graph.pb"], "graph.pb is a file") for name in
      ("train", "classify", "compare")],
    *[(name, ["--dataset=photos/red"], "no class sub-folders") for name in
      ("train", "classify", "compare")],
    *[(name, ["--dataset="], "unknown data set ''") for name in ("train", "classify", "compare")],
    *[(name, ["--dataset=photos/", "--classes=green"], "no class 'green'") for name in
      ("train", "classify", "compare")],
    ("generate", ["--run=photos", "--out=new"], "photos is not a run directory"),
    ("generate", ["--run=graph.pb", "--out=new"], "graph.pb"),
    ("generate", ["--run=run", "--out=photos"], "photos is not empty"),
    ("generate", ["--run=run", "--out=photos/new"], "would be one more class"),
    ("generate", ["--run=run", "--out=graph.pb"], "graph.pb"),
    ("generate", ["--run=run", "--out=new", "--filter=photos"], "photos holds no classifier"),
    ("evaluate", ["--generated=no/where", *REAL], "no/where"),
    ("evaluate", ["--generated=set", "--dataset=no/where"], "no/where: no such folder"),
    ("evaluate", ["--generated=set", *REAL, "--out=set"], "set"),
    ("evaluate", ["--generated=set", *REAL, "--out=photos/new"], "--out photos/new lies in photos"),
    ("evaluate", ["--generated=set", "--dataset=photos/", "--inception=no.pb"],
     "no.pb cannot be read"),
    ("evaluate", ["--generated=set", "--dataset=photos/", "--inception=photos"], "photos"),
    ("evaluate", ["--generated=set", *REAL, "--super_classes=no.json"], "no.json"),
    ("evaluate", ["--generated=set", *REAL, "--baseline=no/where"], "no/where"),
    ("evaluate", ["--generated=set", *REAL, "--baseline=2"], "baseline"),
    ("classify", ["--dataset=photos/", "--out=photos/new"], "--out photos/new lies in photos"),
    ("compare", ["--dataset=photos/", "--out=photos/new"], "--out photos/new lies in photos"),
    ("augcls", ["--dataset=photos/", "--run=photos"], "photos is not a run directory"),
    ("augcls", ["--dataset=photos/", "--run=run", "--method=dcgan"], "give one generator"),
    ("augcls", ["--dataset=photos/"], "give one generator"),
    ("augcls", ["--run=run", "--iterations=3"], "--iterations is for --method"),
    ("augcls", ["--method=dcgann"], "unknown method 'dcgann'"),
    ("augcls", ["--method=singan", "--minutes=1"], "singan takes all its --iterations"),
    ("augcls", ["--dataset=photos/", "--run=run"], "the classes are equal"),
    ("augcls", ["--dataset=photos/", "--run=run", "--imbalance=red=3", "--validation_per_class=50"],
     "lower --validation_per_class"),
    ("augcls", ["--dataset=photos/", "--run=run", "--super_classes=no.json"], "no.json"),
    ("augcls", ["--run=run", "--threshold=0.0"], "--threshold is 0"),
    ("augcls", ["--dataset=photos/", "--method=dcgan", "--out=photos/new"],
     "--out photos/new lies in photos"),
    ("augcls", ["--dataset=photos/", "--method=dcgan", "--method_settings=flip"],
     "give settings of train.py"),
    ("augcls", ["--dataset=photos/", "--run=run", "--balanced_beta=nan"], "--balanced_beta is nan"),
    ("train", ["--dataset=photos/", "--run_dir=photos/new"], "lies in photos"),
    ("train", ["--dataset=photos/", "--run_dir=set", "--mu=0", *TINY],
     "set is not empty and no run directory"),
    ("train", ["--dataset=photos/", "--vgg_weights=no.h5", "--image_size=32"], "no file 'no.h5'"),
    ("compare", ["--dataset=photos/", "--vgg_weights=no.h5", "--methods=ssgan", "--iterations=1"],
     "no file 'no.h5'"),
    # Names longer than a disk has.
    *[(name, [*arguments, f"--{flag}={LONG}"], "name too long") for name, arguments, flag in
      (("train", ["--dataset=photos/"], "vgg_weights"), ("generate", ["--out=new"], "run"),
       ("generate", ["--run=run", "--out=new"], "filter"), ("evaluate", REAL, "generated"),
       ("evaluate", ["--generated=set"], "real"), ("evaluate", ["--generated=set"], "dataset"),
       ("evaluate", ["--generated=set", "--dataset=photos/"], "inception"),
       ("evaluate", ["--generated=set", *REAL], "super_classes"),
       ("evaluate", ["--generated=set", *REAL], "baseline"), ("classify", [], "dataset"))],
    # Links that lead back to themselves.
    *[(name, [*arguments, f"--{flag}=./circle"], "circle") for name, arguments, flag in
      (("train", [], "dataset"), ("classify", [], "dataset"), ("compare", [], "dataset"),
       ("generate", ["--out=new"], "run"), ("generate", ["--run=run"], "out"),
       ("evaluate", REAL, "generated"), ("evaluate", ["--generated=set"], "real"),
       ("evaluate", [*REAL, "--out=new"], "run"), ("classify", ["--dataset=photos/"], "out"),
       ("compare", ["--dataset=photos/"], "out"))],
    # Folders that the system makes no folder in.
    *[(name, [*arguments, f"--{flag}={place}"], place) for place in
      ("/proc/new", "/dev/null/new", "circle", "circle/new", LONG) for name, arguments, flag in
      (("train", ["--dataset=photos/", "--method=dcgan", *TINY], "run_dir"),
       ("evaluate", ["--generated=set", *REAL], "out"))],
]  # fmt: skip


@pytest.fixture(scope="module")
def place(ground, tmp_path_factory):
    """A copy of the ground that all rows share, since they are to change nothing."""
    folder = tmp_path_factory.mktemp("refusals") / "place"
    shutil.copytree(ground, folder)
    (folder / "circle").symlink_to("circle")
    return folder


@pytest.mark.parametrize(("name", "arguments", "words"), ROWS, ids=str)
def test_it_is_refused_in_one_line(loaded, place, name, arguments, words):
    before = contents(place)
    refused(loaded.run(name, *arguments, folder=place), name, words)
    assert contents(place) == before


def test_a_class_whose_name_is_no_text_is_printed_where_only_text_may_be(loaded, field):
    (field / "photos" / "red").rename(field / "photos" / os.fsdecode(b"caf\xe9"))
    result = loaded.run("train", *PLAN, folder=field, PYTHONIOENCODING="utf-8:strict")
    assert result.code == 0, result.stderr
    assert "caf\\udce9" in result.stdout


@pytest.mark.parametrize("name", NAMES)
def test_help_into_a_pipe_that_nobody_reads(loaded, ground, name):
    result = loaded.run(name, "--help", folder=ground, stdout=NO_READER)
    assert (result.code, result.stderr) == (141, "")


def test_a_plan_into_a_pipe_that_nobody_reads(loaded, ground):
    result = loaded.run("train", *PLAN, folder=ground, stdout=NO_READER)
    assert (result.code, result.stderr) == (141, "")


def test_a_plan_onto_a_full_disk(loaded, ground):
    result = loaded.run("train", *PLAN, folder=ground, stdout="/dev/full")
    refused(result, "train", "No space left on device")


def test_codes_in_names_of_files_do_not_reach_the_terminal(loaded, field):
    name = "evil \x1b[31m\r\n\x07.png"
    (field / "photos" / "red" / name).write_bytes(b"")
    shutil.copy(field / "photos" / "red" / "000.png", field / "photos" / "red" / "copy\x1b.png")
    result = loaded.run("train", *PLAN, folder=field)
    assert result.code == 0, result.stderr
    assert "skipped red/evil ?[31m???.png: empty file" in result.stderr
    assert "copy?.png" in result.stderr
    signs = set(result.stderr + result.stdout) - {"\n"}
    assert not [sign for sign in signs if unicodedata.category(sign) == "Cc"]


@pytest.mark.parametrize("name", ["li\nne", "es\x1b[31mc", "be\x07ll"])
@pytest.mark.parametrize("command", ["train", "classify", "compare", "imbalance"])
def test_a_class_with_codes_in_its_name_is_refused(loaded, field, command, name):
    (field / "photos" / "red").rename(field / "photos" / name)
    result = loaded.run(command, "--dataset=photos/", "--dry_run", folder=field)
    refused(result, command, f"has a folder {name!r}, and a class cannot be called so")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("config.json", "'config.json', as a file of ours is"),
        ("Manifest.JSON", "'Manifest.JSON', as a file of ours is"),
        ("blue.png", "'blue.png', as the contact sheet of the class 'blue' is"),
        ("BLUE.gif", "'BLUE.gif', as the contact sheet of the class 'blue' is"),
    ],
)
@pytest.mark.parametrize("more", [[], ["--dry_run"]])
def test_a_class_that_is_called_as_a_file_of_ours_is_refused_before_training(
    loaded, field, name, words, more
):
    (field / "photos" / "red").rename(field / "photos" / name)
    command = ["--dataset=photos/", "--method=dcgan", *TINY, "--run_dir=new", *more]
    refused(loaded.run("train", *command, folder=field), "train", words)
    assert not (field / "new").exists()


def test_a_run_is_not_shared_by_two_data_sets(loaded, field):
    shutil.copytree(field / "photos", field / "others")
    (field / "others" / "red").rename(field / "others" / "green")
    command = ["--dataset=others/", "--method=acgan", *TINY, "--run_dir=run"]
    result = loaded.run("train", *command, "--iterations=1", folder=field)
    refused(result, "train", "--dataset was photos, is now others")


def test_weights_of_another_network_are_one_line(loaded, field):
    import keras

    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    other.save_weights(field / "other.weights.h5")
    command = ["--dataset=photos/", "--image_size=32", "--vgg_weights=other.weights.h5"]
    result = loaded.run("train", *command, "--run_dir=new", folder=field)
    refused(result, "train", "does not hold the weights of VGG-19 without its top")
