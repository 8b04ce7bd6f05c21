import json

import pytest

from vhi.errors import InputError
from vhi.training.recipe import PAPER, Recipe, read_recipe


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[1]", "must be an object"),
        ('{"stepz": 1}', "stepz: not a field of a recipe"),
        ('{"steps": "many"}', "steps must be a whole number of at least 1; got 'many'"),
        ('{"steps": 1.5}', "steps must be a whole number"),
        ('{"filters": 16}', "filters must be a list"),
        ('{"filters": [16]}', "a list of two or more whole numbers"),
        ('{"kernel": 4}', "kernel must be an odd"),
        ('{"learning_rate": 0}', "learning_rate must be a number above 0"),
        ('{"learning_rate": NaN}', "learning_rate must be a number above 0"),
        ('{"loss": "hinge"}', "loss must be bce or bce+dice; got 'hinge'"),
        ('{"neighbours": -1}', "neighbours must be a whole number of at least 0; got -1"),
        ('{"average": 1}', "average must be a number of at least 0 and below 1; got 1"),
        ('{"augmentation": "wild"}', "augmentation must be paper or robust or wide; got 'wild'"),
    ],
)
def test_a_bad_recipe_file_is_named_with_what_is_wrong(tmp_path, text, words):
    path = tmp_path / "recipe.json"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read_recipe(str(path))
    assert str(error.value).startswith(f"{path}: ") and words in str(error.value)


def test_recipes_by_name_and_file(tmp_path):
    assert read_recipe("default") == Recipe()
    assert read_recipe("paper", seed=3, steps=None) == PAPER.with_(seed=3)
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(PAPER.record()))
    assert read_recipe(str(path)) == PAPER


def test_the_shipped_networks_recipes_mean_what_they_did():
    recipe = Recipe()
    assert (recipe.neighbours, recipe.average, recipe.augmentation) == (0, 0.0, "robust")
    record = recipe.record()
    del record["neighbours"], record["average"]  # as older records have it
    assert Recipe.from_record(record) == recipe
