from dermdistill.config import Recipe, StudentRecipe, TeacherRecipe
from dermdistill.report.provenance import recipe_table


def said(recipe: Recipe) -> dict[str, str]:
    return {row.heading.text: row.cells[0].text for row in recipe_table(recipe).rows}


def test_the_recipe_says_how_teacher_and_students_were_trained() -> None:
    teacher = TeacherRecipe(model="resnet50", weights="none", members=3, epochs=40)
    student = StudentRecipe(model="dermlet", weights="imagenet", epochs=80, cycles=2, learning_rate=1e-3)
    words = said(Recipe(name="mine", teacher=teacher, student=student))
    assert words["teacher"].startswith("3 x ResNet-50, weights: none; 40 epochs, batch 64, adamw at 0.001")
    assert words["students"] == (
        "dermlet, weights: imagenet; 80 epochs in 2 cycles, their best weights averaged, batch 64, adamw "
        "at 0.001, cosine schedule, class weights: none"
    )
