import pytest

torch = pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')

from vhi.models.unet import PAPER_FILTERS, UNet, parameter_count

pytestmark = pytest.mark.training


def test_the_papers_network_has_the_papers_number_of_parameters():
    assert parameter_count(UNet(1, PAPER_FILTERS, kernel=3, block=1)) == 450_897


@pytest.mark.parametrize(
    ("filters", "kernel", "block"),
    [((4, 8), 3, 1), ((4, 8, 8), 5, 1), ((4, 6, 8), 3, 2), ((2, 2, 2, 2, 2, 2), 3, 1)],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_pixel_gets_one_answer(filters, kernel, block, channels):
    network = UNet(channels, filters, kernel, block)
    assert network.multiple == block * 2 ** (len(filters) - 1)
    size = (2 * network.multiple, 3 * network.multiple)
    assert network(torch.zeros(2, channels, *size)).shape == (2, 1, *size)


def test_two_convolutions_per_level_and_one_answer_make_the_count():
    # 1 level down (1 -> 2, 2 -> 2), its partner below (2 -> 3, 3 -> 3), up (3 -> 2, 4 -> 2, 2 -> 2)
    convolutions = [(1, 2), (2, 2), (2, 3), (3, 3), (4, 2), (2, 2)]
    expected = sum(9 * a * b + b + 2 * b for a, b in convolutions)  # weights, bias, batch norm
    expected += 3 * 2 + 2  # narrowing, 1 x 1
    expected += 2 * 1 + 1  # the answer
    assert parameter_count(UNet(1, (2, 3), 3, 1)) == expected


def test_a_block_is_taken_in_and_given_back_pixel_by_pixel():
    network = UNet(1, (4, 8), 3, 2)
    picture = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert torch.equal(network.into_pixels(network.into_channels(picture)), picture)
    assert network.into_channels(picture)[0, :, 0, 0].tolist() == [0, 1, 4, 5]


def test_an_even_kernel_is_refused():
    with pytest.raises(ValueError, match="odd"):
        UNet(1, (4, 8), kernel=4)


def test_another_number_of_pixels_than_the_multiple_says_so():
    with pytest.raises(RuntimeError):
        UNet(1, (4, 8, 8), 3, 1)(torch.zeros(1, 1, 10, 10))
