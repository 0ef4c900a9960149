"""Each published layout in miniature, with the names and columns that it has."""

from tests.data.sources.miniatures import Miniature, dermamnist, hdf5, jpgs, paper

_A, _B, _C, _D = "ISIC_0000001", "ISIC_0000002", "ISIC_0000003", "ISIC_0000004"
_HASHES = ("0a1b2c3d4e5f60718293a4b5c6d7e8f9", "1a1b2c3d4e5f60718293a4b5c6d7e8f9")

PUBLISHED = (
    Miniature(
        "HAM10000",
        {
            "HAM10000_metadata.csv": [
                "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset",
                f"HAM_1,{_A},mel,histo,80.0,male,scalp,vidir_modern",
                f"HAM_2,{_B},bkl,histo,,unknown,unknown,rosendahl",
            ]
        },
        [*jpgs("HAM10000_images_part_1", _A), *jpgs("HAM10000_images_part_2", _B)],
        shows={_A: "melanoma", _B: "benign keratosis"},
    ),
    Miniature(
        "ISIC Archive export",
        {
            "metadata.csv": [
                "isic_id,attribution,age_approx,anatom_site_general,diagnosis_1,diagnosis_2,diagnosis_3,image_type,"
                "lesion_id,patient_id,sex,fitzpatrick_skin_type",
                f"{_A},MSK,55,head/neck,Malignant,Malignant melanocytic proliferations (Melanoma),"
                "Melanoma in situ,"
                "dermoscopic,IL_1,IP_1,female,II",
                f"{_B},MSK,85+,,Benign,Benign melanocytic proliferations,Nevus,"
                "clinical: close-up,IL_2,IP_2,,",
                f"{_C},MSK,,,Malignant,,,dermoscopic,IL_3,,,",
            ]
        },
        jpgs("images", _A, _B, _C),
        shows={_A: "melanoma", _B: "nevus"},
    ),
    Miniature(
        "ISIC 2016",
        {
            "ISBI2016_ISIC_Part3_Training_GroundTruth.csv": [f"{_A},malignant", f"{_B},benign"],
            "ISBI2016_ISIC_Part3_Test_GroundTruth.csv": [f"{_C},0.0", f"{_D},1.0"],
        },
        [*jpgs("ISBI2016_ISIC_Part3_Training_Data", _A, _B), *jpgs("ISBI2016_ISIC_Part3_Test_Data", _C, _D)],
        shows={_A: "melanoma/train", _B: "benign/train", _C: "benign/test", _D: "melanoma/test"},
    ),
    Miniature(
        "ISIC 2017",
        {
            "ISIC-2017_Training_Part3_GroundTruth.csv": [
                "image_id,melanoma,seborrheic_keratosis",
                f"{_A},1.0,0.0",
                f"{_B},0.0,1.0",
                f"{_C},0.0,0.0",
            ],
            "ISIC-2017_Training_Data/ISIC-2017_Training_Data_metadata.csv": [
                "image_id,age_approximate,sex",
                f"{_A},55,female",
                f"{_B},30,male",
                f"{_C},unknown,unknown",
            ],
        },
        [*jpgs("ISIC-2017_Training_Data", _A, _B, _C), f"ISIC-2017_Training_Data/{_A}_superpixels.png"],
        shows={_A: "melanoma", _B: "benign keratosis", _C: "nevus"},
    ),
    Miniature(
        "ISIC 2018, task 3",
        {
            "ISIC2018_Task3_Training_GroundTruth/ISIC2018_Task3_Training_GroundTruth.csv": [
                "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC",
                f"{_A},1.0,0.0,0.0,0.0,0.0,0.0,0.0",
                f"{_B},0.0,0.0,0.0,1.0,0.0,0.0,0.0",
            ],
            "ISIC2018_Task3_Training_LesionGroupings.csv": [
                "image,lesion_id,diagnosis_confirm_type",
                f"{_A},HAM_1,histopathology",
                f"{_B},HAM_2,histopathology",
            ],
        },
        jpgs("ISIC2018_Task3_Training_Input", _A, _B),
        shows={_A: "melanoma", _B: "actinic keratosis"},
    ),
    Miniature(
        "ISIC 2019",
        {
            "ISIC_2019_Training_GroundTruth.csv": [
                "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK",
                f"{_A}_downsampled,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0",
                f"{_B},0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0",
            ],
            "ISIC_2019_Training_Metadata.csv": [
                "image,age_approx,anatom_site_general,lesion_id,sex",
                f"{_A}_downsampled,55.0,anterior torso,MSK4_0011169,female",
                f"{_B},,,,",
            ],
            "ISIC_2019_Test_GroundTruth.csv": [
                "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK,score_weight,validation_weight",
                f"{_C},0.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0",
                f"{_D},0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0,0.0",
            ],
        },
        [*jpgs("ISIC_2019_Training_Input", f"{_A}_downsampled", _B), *jpgs("ISIC_2019_Test_Input", _C, _D)],
        shows={f"{_A}_downsampled": "melanoma/train", _B: "squamous cell carcinoma/train", _C: "nevus/test"},
    ),
    Miniature(
        "ISIC 2020",
        {
            "ISIC_2020_Training_GroundTruth.csv": [
                "image_name,patient_id,sex,age_approx,anatom_site_general_challenge,diagnosis,benign_malignant,target",
                f"{_A},IP_1,male,45.0,head/neck,melanoma,malignant,1",
                f"{_B},IP_1,male,45.0,torso,unknown,benign,0",
                f"{_C},IP_2,female,50.0,torso,nevus,benign,0",
                f"{_D},IP_2,female,50.0,torso,nevus,benign,0",
            ],
            "ISIC_2020_Training_Duplicates.csv": ["image_name_1,image_name_2", f"{_C},{_D}"],
        },
        jpgs("train", _A, _B, _C, _D),
        shows={_A: "melanoma", _B: "benign", _C: "nevus", _D: "nevus"},
    ),
    Miniature(
        "ISIC 2024 (HDF5)",
        {
            "train-metadata.csv": [
                "isic_id,target,patient_id,age_approx,sex,anatom_site_general,image_type,attribution,lesion_id,"
                "iddx_full,iddx_1,iddx_2,iddx_3",
                f"{_A},1,IP_1,60,male,torso,TBP tile: close-up,MSK,IL_1,x,Malignant,"
                "Malignant melanocytic proliferations (Melanoma),Melanoma in situ",
                f"{_B},1,IP_1,60,male,torso,TBP tile: close-up,MSK,IL_2,x,Malignant,"
                "Malignant adnexal epithelial proliferations - Follicular,Basal cell carcinoma",
                f"{_C},0,IP_2,50,female,,TBP tile: close-up,MSK,,Benign,Benign,,",
            ]
        },
        more=hdf5,
        shows={_A: "melanoma", _B: "basal cell carcinoma", _C: "benign"},
    ),
    Miniature(
        "PAD-UFES-20",
        {
            "metadata.csv": [
                "patient_id,lesion_id,smoke,age,pesticide,gender,skin_cancer_history,fitspatrick,region,diameter_1,"
                "diagnostic,itch,grew,img_id,biopsed",
                "PAT_1,10,,55,,FEMALE,,3.0,NECK,6.0,MEL,False,False,PAT_1_10_100.png,True",
                "PAT_2,20,,40,,,,,ARM,5.0,SEK,True,False,PAT_2_20_200.png,False",
            ]
        },
        [
            "images/imgs_part_1/imgs_part_1/PAT_1_10_100.png",
            "images/imgs_part_3/imgs_part_3/PAT_2_20_200.png",
        ],
        shows={"PAT_1_10_100": "melanoma", "PAT_2_20_200": "benign keratosis"},
    ),
    Miniature(
        "derm7pt",
        {
            "meta/meta.csv": [
                "case_num,diagnosis,seven_point_score,pigment_network,level_of_diagnostic_difficulty,elevation,"
                "location,sex,clinic,derm,management,case_id,notes",
                "1,melanoma (less than 0.76 mm),3,typical,low,flat,back,male,"
                "NEL/Nel025.jpg,NEL/Nel026.jpg,excision,,",
                "2,clark nevus,1,absent,low,flat,chest,female,FAL/Fal001.jpg,FAL/Fal002.jpg,excision,,",
                "3,miscellaneous,1,absent,low,flat,chest,female,FAL/Fal003.jpg,FAL/Fal004.jpg,excision,,",
            ],
            "meta/train_indexes.csv": ["indexes", "0"],
            "meta/valid_indexes.csv": ["indexes", "2"],
            "meta/test_indexes.csv": ["indexes", "1"],
        },
        [
            *jpgs("images/NEL", "Nel025", "Nel026"),
            *jpgs("images/FAL", "Fal001", "Fal002", "Fal003", "Fal004"),
        ],
        shows={"Nel026": "melanoma/train", "Fal002": "clark nevus/test", "Fal004": "other/val"},
    ),
    Miniature(
        "DDI",
        {
            "ddi_metadata.csv": [
                ",DDI_ID,DDI_file,skin_tone,malignant,disease",
                "0,1,000001.png,56,True,melanoma-in-situ",
                "1,2,000002.png,12,False,melanocytic-nevi",
                "2,3,000003.png,34,True,mycosis-fungoides",
            ]
        },
        ["000001.png", "000002.png", "000003.png"],
        shows={"000001": "melanoma", "000002": "nevus", "000003": "mycosis-fungoides"},
    ),
    Miniature(
        "Fitzpatrick17k",
        {
            "fitzpatrick17k.csv": [
                "md5hash,fitzpatrick_scale,fitzpatrick_centaur,label,nine_partition_label,three_partition_label,qc,url",
                f"{_HASHES[0]},3,4,superficial spreading melanoma ssm,malignant melanoma,malignant,,http://a",
                f"{_HASHES[1]},-1,5,confluentes,inflammatory,non-neoplastic,,http://b",
                f"2{_HASHES[1][1:]},2,2,melanoma,malignant melanoma,malignant,3 Wrongly labelled,http://c",
            ]
        },
        jpgs("images", *_HASHES),
        shows={_HASHES[0]: "melanoma", _HASHES[1]: "benign"},
    ),
    Miniature(
        "MILK10k",
        {
            "MILK10k_Training_GroundTruth.csv": [
                "lesion_id,AKIEC,BCC,BEN_OTH,BKL,DF,INF,MAL_OTH,MEL,NV,SCCKA,VASC",
                "IL_1,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0,0.0,0.0",
                "IL_2,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0",
            ],
            "MILK10k_Training_Metadata.csv": [
                "lesion_id,image_type,isic_id,attribution,age_approx,sex,skin_tone_class,site,MONET_hair",
                f"IL_1,clinical: close-up,{_A},MILK,60,male,3,trunk,0.1",
                f"IL_1,dermoscopic,{_B},MILK,60,male,3,trunk,0.1",
                f"IL_2,clinical: close-up,{_C},MILK,70,female,5,head_neck_face,0.1",
                f"IL_2,dermoscopic,{_D},MILK,70,female,5,head_neck_face,0.1",
            ],
        },
        [*jpgs("MILK10k_Training_Input/IL_1", _A, _B), *jpgs("MILK10k_Training_Input/IL_2", _C, _D)],
        shows={_B: "melanoma", _D: "squamous cell carcinoma"},
    ),
    Miniature(
        "MedMNIST: DermaMNIST",
        more=dermamnist,
        shows={
            "train-00000": "melanoma/train",
            "train-00001": "nevus/train",
            "train-00002": "actinic keratosis/train",
            "val-00000": "nevus/val",
            "val-00001": "melanoma/val",
            "test-00000": "benign keratosis/test",
            "test-00001": "melanoma/test",
        },
    ),
    Miniature(
        "the paper's arrays",
        more=paper,
        shows={
            f"{kind}_{split}-0000{i}": diagnosis + ("/test" if split == "test" else "")
            for split in ("train", "test")
            for kind, diagnosis in (("benign", "benign"), ("malign", "melanoma"))
            for i in (0, 1)
        },
    ),
)
