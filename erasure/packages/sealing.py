"""A package as it is written: a stream whose every MiB is sealed and stored before the next one is made."""

import hashlib
import io

from erasure.models import Package, PackagePart
from governance.keyring.sealing import seal

PART_BYTES = 1 << 20


class SealedParts(io.RawIOBase):
    """A file to write to, in order; after `close`, `size` and `sha256` are those of the whole."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.bound_to = str(package.request.public_id)
        self.waiting = bytearray()
        self.number = 0
        self.size = 0
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, content) -> int:
        written = memoryview(content).nbytes
        self.waiting += content
        while len(self.waiting) >= PART_BYTES:
            self._store(PART_BYTES)
        return written

    def close(self) -> None:
        if not self.closed and self.waiting:
            self._store(len(self.waiting))
        super().close()

    @property
    def sha256(self) -> str:
        return self.digest.hexdigest()

    def _store(self, size: int) -> None:
        part = bytes(self.waiting[:size])
        del self.waiting[:size]
        sealed = seal(part, purpose="package", bound_to=f"{self.bound_to}/{self.number}")
        PackagePart.objects.create(package=self.package, number=self.number, sealed=sealed)
        self.digest.update(part)
        self.size += size
        self.number += 1
