import numpy as np

from dermdistill.report.gallery import galleries, wrong_predictions
from dermdistill.report.groups import group_models
from dermdistill.report.reading import read_run
from dermdistill.runs import RunFolder


def test_probabilities_are_means_over_the_seeds(reported_run: RunFolder) -> None:
    group = group_models(read_run(reported_run))[1]
    wrong = wrong_predictions(group)
    for image_id, probability in zip(wrong.image_id, wrong.probability, strict=True):
        row = group.models[0].test.image_id.index(image_id)
        assert np.isclose(probability, np.mean([model.test.probability[row] for model in group.models]))


def test_no_image_outside_the_gallery_is_more_wrong(reported_run: RunFolder) -> None:
    group = group_models(read_run(reported_run))[0]
    test, wrong = group.models[0].test, wrong_predictions(group)
    shown = set(wrong.lesion_id)
    hidden = np.array([lesion not in shown for lesion in test.lesion_id])
    assert test.probability[hidden & ~test.label].max() <= wrong.probability[~wrong.label].min()
    assert test.probability[hidden & test.label].min() >= wrong.probability[wrong.label].max()


def test_others_and_melanomas_are_apart(reported_run: RunFolder) -> None:
    shown = galleries(reported_run, group_models(read_run(reported_run)))[0]
    assert [len(shown.others), len(shown.melanomas)] == [6, 6]
    assert {image.diagnosis for image in shown.melanomas} == {"melanoma"}
    assert "melanoma" not in {image.diagnosis for image in shown.others}
    probabilities = [float(image.probability) for image in shown.others]
    assert probabilities == sorted(probabilities, reverse=True)
