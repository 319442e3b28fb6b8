"""The public data sets of MoleculeNet: address, checksum, licence and citation of each.

Wu et al., Chem. Sci. 2018, 9, 513, arXiv 1703.00564.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from weft.tasks import Kind

_BASE = "https://deepchemdata.s3-us-west-1.amazonaws.com/datasets/"
_PUBLIC = "public domain (work of the US government)"
_UNSTATED = "not stated by MoleculeNet: see the citation"
_MERGED = "MoleculeNet's table as chemprop distributes it: SMILES column first"


@dataclass(frozen=True)
class Entry:
    """A data set that is found, or fetched, by its name.

    Attributes:
        name: what a user types.
        title: what it is, in a line.
        file: name of the official file.
        rows: number of rows there.
        n_tasks: number of tasks there.
        kind: kind of all its tasks.
        checksum: `md5:...` or `sha256:...` of the official file, as published with TorchDrug 0.2; None where
            no checksum is published.
        licence: of the data.
        citation: what to cite besides MoleculeNet.
        smiles: the SMILES column of the official file.
        tasks: its task columns where they cannot be guessed; empty: all that look like tasks.
        copies: checksum -> what is known of another copy in use.
    """

    name: str
    title: str
    file: str
    rows: int
    n_tasks: int
    kind: Kind
    checksum: str | None
    licence: str
    citation: str
    smiles: str = "smiles"
    tasks: tuple[str, ...] = ()
    copies: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def address(self) -> str:
        """Where the official file is fetched from."""
        return _BASE + self.file


_B, _R = Kind.BINARY, Kind.REGRESSION

#: Every data set known by name.
ENTRIES = (
    Entry(
        "tox21",
        "nuclear receptor and stress response assays",
        "tox21.csv.gz",
        7831,
        12,
        _B,
        "md5:2882d69e70bba0fec14995f26787cc25",
        _PUBLIC,
        "Tox21 Data Challenge 2014, NIH/EPA/FDA",
        copies={"sha256:a8f5b4744c25cad36a06f28dd40e789541d6bd34bab93d32626393f974110941": _MERGED},
    ),
    Entry(
        "sider",
        "side effects of marketed drugs by organ class",
        "sider.csv.gz",
        1427,
        27,
        _B,
        "md5:77c0ef421f7cc8ce963c5836c8761fd2",
        "CC BY-NC-SA 4.0",
        "Kuhn et al., Nucleic Acids Res. 2016, 44, D1075",
        copies={"sha256:ebf65c641eaaaf1702e39faaadde886bfc8c5245fa34c4a55087327dabddead7": _MERGED},
    ),
    Entry(
        "toxcast",
        "high-throughput toxicity assays",
        "toxcast_data.csv.gz",
        8576,
        617,
        _B,
        "md5:92911bbf9c1e2ad85231014859388cd6",
        _PUBLIC,
        "Richard et al., Chem. Res. Toxicol. 2016, 29, 1225",
        copies={"sha256:852ca9aaee6381c5048441c05d45584d85193bd7c68c3cd02a67445873dfc31b": _MERGED},
    ),
    Entry(
        "clintox",
        "approved drugs and drugs that failed for toxicity",
        "clintox.csv.gz",
        1484,
        2,
        _B,
        "md5:db4f2df08be8ae92814e9d6a2d015284",
        _UNSTATED,
        "Gayvert et al., Cell Chem. Biol. 2016, 23, 1294",
    ),
    Entry(
        "muv",
        "unbiased virtual screening sets from PubChem",
        "muv.csv.gz",
        93087,
        17,
        _B,
        "md5:9c40bd41310991efd40f4d4868fa3ddf",
        _UNSTATED,
        "Rohrer and Baumann, J. Chem. Inf. Model. 2009, 49, 169",
    ),
    Entry(
        "hiv",
        "inhibition of HIV replication",
        "HIV.csv",
        41127,
        1,
        _B,
        "md5:9ad10c88f82f1dac7eb5c52b668c30a7",
        _PUBLIC,
        "AIDS Antiviral Screen, NCI Developmental Therapeutics Program",
        tasks=("HIV_active",),
    ),
    Entry(
        "bace",
        "inhibitors of beta-secretase 1",
        "bace.csv",
        1513,
        1,
        _B,
        "md5:ba7f8fa3fdf463a811fa7edea8c982c2",
        _UNSTATED,
        "Subramanian et al., J. Chem. Inf. Model. 2016, 56, 1936",
        smiles="mol",
        tasks=("Class",),
    ),
    Entry(
        "bbbp",
        "penetration of the blood-brain barrier",
        "BBBP.csv",
        2050,
        1,
        _B,
        "md5:66286cb9e6b148bd75d80c870df580fb",
        _UNSTATED,
        "Martins et al., J. Chem. Inf. Model. 2012, 52, 1686",
        tasks=("p_np",),
    ),
    Entry(
        "pcba",
        "PubChem bioassays",
        "pcba.csv.gz",
        437929,
        128,
        _B,
        None,
        _UNSTATED,
        "Wang et al., Nucleic Acids Res. 2012, 40, D400",
    ),
    Entry(
        "esol",
        "water solubility",
        "delaney-processed.csv",
        1128,
        1,
        _R,
        "md5:0c90a51668d446b9e3ab77e67662bd1c",
        _UNSTATED,
        "Delaney, J. Chem. Inf. Comput. Sci. 2004, 44, 1000",
        tasks=("measured log solubility in mols per litre",),
    ),
    Entry(
        "freesolv",
        "free energy of hydration",
        "SAMPL.csv",
        642,
        1,
        _R,
        None,
        "CC BY-NC-SA 4.0",
        "Mobley and Guthrie, J. Comput. Aided Mol. Des. 2014, 28, 711",
        tasks=("expt",),
    ),
    Entry(
        "lipophilicity",
        "octanol/water distribution at pH 7.4",
        "Lipophilicity.csv",
        4200,
        1,
        _R,
        "md5:85a0e1cb8b38b0dfc3f96ff47a57f0ab",
        "CC BY-SA 3.0",
        "Hersey, ChEMBL Deposited Data Set AZ dataset 2015",
        tasks=("exp",),
    ),
)
