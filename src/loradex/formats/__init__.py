"""Model files as bytes: headers, digests, fingerprints, and which names belong to a model.

Import the module you need; this package itself imports nothing:

* `headers.read_header`            what a file or diffusers folder says about itself
* `fingerprint.quick_fingerprint`  tells contents apart without reading all of them
* `hashing.hash_file`              the six digests, in one read
* `training.describe`              what a trainer wrote into the metadata
* `model_files`                    suffixes, downloads in progress, sidecars

No weight is interpreted and nothing is ever unpickled. Every failure is a `FormatError`; when the
operating system refused, its `OSError` is the `__cause__`.
"""
