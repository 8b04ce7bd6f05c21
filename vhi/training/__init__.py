"""One trainer for every network: from cases with masks to a folder with weights and their record.

`recipe` decides the weights, `training_set` loads the data, `train` computes, `folder` keeps a
training on disk, `export` makes the files that `vhi.segmentation` runs. Architectures belong into
`vhi.models`, scores on whole scans into `vhi.evaluation`.
"""
