"""Our JSON mapper against Google's (python3-protobuf), message by message, both directions.

usage: json_oracle.py <json_tool> <folder of sample.proto>

Deterministic: hypothesis makes the same messages on every run.
"""
import json
import math
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings, strategies as st

TOOL, PROTO = sys.argv[1], Path(sys.argv[2])
CASES = 250
QUIET = settings(
    max_examples=CASES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def load_sample(out):
    """sample.proto without protobuf-c's own option, which Python has no module for."""
    lines = (PROTO / "sample.proto").read_text().splitlines()
    kept = [line for line in lines if "protobuf-c" not in line and "pb_c_file" not in line]
    (Path(out) / "sample.proto").write_text("\n".join(kept))
    subprocess.run(["protoc", f"--python_out={out}", "-I", out, "sample.proto"], check=True)
    sys.path.insert(0, out)
    import sample_pb2

    return sample_pb2


FOLDER = tempfile.TemporaryDirectory()
sample = load_sample(FOLDER.name)
from google.protobuf import json_format  # noqa: E402

tool = subprocess.Popen([TOOL], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def ask(op, data):
    tool.stdin.write(op + struct.pack("<I", len(data)) + data)
    tool.stdin.flush()
    status, length = struct.unpack("<BI", tool.stdout.read(5))
    return status, tool.stdout.read(length)


def ints(low, high):
    return st.one_of(st.sampled_from([low, high, 0, 1]), st.integers(low, high))


def reals(width):
    # -0.0 is left out: protobuf-c does not send it. Nor do NaNs equal themselves, but their bytes do.
    numbers = st.floats(width=width, allow_nan=False).filter(
        lambda x: math.copysign(1, x) > 0 or x != 0
    )
    if width == 32:  # Python refuses to read back its own shortest form of the largest float
        numbers = numbers.filter(lambda x: math.isinf(x) or abs(x) < 3.4e38)
    return numbers


text = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
data = st.binary(max_size=20)
colour = st.sampled_from([0, 1, 2, 1000, -5])
i32, i64 = ints(-(2**31), 2**31 - 1), ints(-(2**63), 2**63 - 1)
u32, u64 = ints(0, 2**32 - 1), ints(0, 2**64 - 1)


def some(values):
    return st.lists(values, max_size=4)


def message(kind, **fields):
    return st.fixed_dictionaries({}, optional=fields).map(lambda given: kind(**given))


leaf = message(sample.Leaf, data=data, size_1_kb=u32)
item = message(sample.Item, name=text, amount=i64, tags=some(text), leaf=leaf)
plain = dict(
    f_int32=i32, f_sint32=i32, f_sfixed32=i32, f_int64=i64, f_sint64=i64, f_sfixed64=i64,
    f_uint32=u32, f_fixed32=u32, f_uint64=u64, f_fixed64=u64, f_float=reals(32),
    f_double=reals(64), f_bool=st.booleans(), colour=colour, text=text, data=data, item=item,
    items=some(item), names=some(text), blobs=some(data), r_int32=some(i32), r_sint64=some(i64),
    r_fixed32=some(u32), r_double=some(reals(64)), r_bool=some(st.booleans()),
    colours=some(colour), r_uint64=some(u64), r_float=some(reals(32)), count=u32, far_away=i32,
)
choice = st.one_of(
    st.just({}),
    *(
        st.fixed_dictionaries({name: values})
        for name, values in dict(
            chosen_number=i32, chosen_text=text, chosen_leaf=leaf, chosen_flag=st.booleans(),
            chosen_data=data, chosen_colour=colour, chosen_double=reals(64),
        ).items()
    ),
)
everything = st.builds(
    lambda fields, one: sample.Everything(**fields, **one),
    st.fixed_dictionaries({}, optional=plain),
    choice,
)


@QUIET
@given(everything)
def encodes_as_google_reads(want):
    status, out = ask(b"e", want.SerializeToString())
    assert status == 0, out
    got = json_format.Parse(out, sample.Everything())
    assert got == want, out
    # and letter for letter the same names, quotes and omissions
    assert json.loads(out) == json.loads(json_format.MessageToJson(want)), out


@QUIET
@given(everything, st.booleans())
def decodes_what_google_writes(want, proto_names):
    written = json_format.MessageToJson(want, preserving_proto_field_name=proto_names)
    status, out = ask(b"d", written.encode())
    assert status == 0, (written, out)
    assert sample.Everything.FromString(out) == want, written


@QUIET
@given(everything)
def decodes_defaults_spelt_out(want):
    written = json_format.MessageToJson(
        want, including_default_value_fields=True, use_integers_for_enums=True
    )
    status, out = ask(b"d", written.encode())
    assert status == 0, (written, out)
    assert sample.Everything.FromString(out) == want, written


# Small changes to good JSON. What we take, Google takes and reads the same; we may refuse more.
NOISE = st.sampled_from(
    ['"x"', "1", "-1", "1.5", "1e3", "null", "true", "[]", "{}", '"1"', '"-1"', '""', '"NaN"',
     "4294967296", "2147483648", '"18446744073709551616"', "[null]", '"AA=="', '"_-8"', '"COLOUR_RED"']
)  # fmt: skip


@QUIET
@given(st.sampled_from(sorted(sample.Everything.DESCRIPTOR.fields_by_name)), NOISE, st.booleans())
def takes_nothing_google_refuses(name, value, in_list):
    written = '{"%s":%s}' % (name, "[%s]" % value if in_list else value)
    status, out = ask(b"d", written.encode())
    if status != 0:
        return
    assert sample.Everything.FromString(out) == json_format.Parse(written, sample.Everything())


for case in (
    encodes_as_google_reads,
    decodes_what_google_writes,
    decodes_defaults_spelt_out,
    takes_nothing_google_refuses,
):
    case()
    print("ok", case.__name__)
tool.stdin.close()
sys.exit(tool.wait())
