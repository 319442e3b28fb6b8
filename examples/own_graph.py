"""A graph of your own from PyTorch Geometric's HeteroData: two types of node, two tasks, labels missing."""

import torch
from torch_geometric.data import HeteroData

import weft
from weft.data.graph_pyg import from_hetero_data

draw = torch.Generator().manual_seed(0)
n_people, n_firms = 300, 40
works_at = torch.stack([torch.arange(n_people), torch.randint(n_firms, (n_people,), generator=draw)])
hidden = torch.randn(n_firms, generator=draw)  # what makes a firm's people alike
feeling = hidden[works_at[1]] + 0.5 * torch.randn(n_people, generator=draw)

data = HeteroData()
data["person"].x = torch.randn(n_people, 4, generator=draw)
data["firm"].x = hidden[:, None] + 0.3 * torch.randn(n_firms, 3, generator=draw)
data["person", "works_at", "firm"].edge_index = works_at  # one direction; models add the way back

# Labels are attributes of a type. Below 0 (classes) or NaN (numbers): not known.
data["person"].leaves = (feeling < -0.5).long()
data["person"].leaves[::7] = -1
data["person"].salary = 40 + 10 * feeling
data["person"].salary[::3] = float("nan")

part = torch.rand(n_people, generator=draw)
data["person"].train_mask, data["person"].val_mask = part < 0.6, (part >= 0.6) & (part < 0.8)
data["person"].test_mask = part >= 0.8

graph = from_hetero_data(data, {"person": {"leaves": "binary", "salary": "regression"}})
model = weft.InLINE(epochs=30, members=1, threads=1).fit(graph)

for score in model.scores(graph).tasks:  # on the test part
    print(
        f"{score.task:8} {score.n:3} labels", {name: round(value, 3) for name, value in score.values.items() if value}
    )
print(model.predict_proba(graph, "person")[:3].round(2))  # leaves: probability; salary: value
