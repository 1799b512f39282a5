"""Writes the Parquet tables of channels that tests/tables.rs reads. Needs pyarrow: python3 tables.py"""

import pyarrow as pa
import pyarrow.parquet as pq

pq.write_table(
    pa.table(
        {
            "channel": [7, 8],
            "distance": [10.0, 20.25],
            "latitude": [51.5, None],
            "longitude": [-0.125, None],
            "depth": [2.5, float("nan")],
            "quality": [1.0, 0.0],
        }
    ),
    "plain.parquet",
)
n = range(300)
pq.write_table(
    pa.table(
        {
            "name": pa.array([f"splice {i}" for i in n]),
            "Latitude": pa.array([51 + i / 1024 for i in n], pa.float32()),
            "channel": pa.array(n, pa.int32()),
        }
    ),
    "mixed.parquet",
    compression="zstd",
    row_group_size=128,
)
pq.write_table(pa.table({"channel": [1], "depth": ["deep"]}), "text.parquet")
pq.write_table(pa.table({"channel": [1], "longitud": [2.0]}), "misspelt.parquet")
