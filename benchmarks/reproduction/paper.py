"""The paper's own numbers (SoundCTM, ICLR 2025), as they stand in its tables."""

# Table 1, AudioCaps at 16 kHz: FAD_vgg, KL_passt, IS_passt, CLAP.
TABLE_1 = {
    "teacher": ("1.71", "1.28", "8.11", "0.46"),
    "l2_0": ("2.43", "1.28", "6.87", "0.42"),
    "l2_s": ("2.45", "1.28", "6.83", "0.42"),
    "d_teacher": ("2.17", "1.27", "7.18", "0.43"),
}

# Table 2, AudioCaps at 16 kHz: omega, nu, FAD_vgg, KL_passt, IS_passt, CLAP by steps; 40 is the teacher.
TABLE_2 = {
    40: ("3.5", "-", "1.71", "1.28", "8.11", "0.46"),
    1: ("3.5", "1.0", "2.08", "1.26", "7.13", "0.43"),
    2: ("3.5", "1.0", "1.90", "1.24", "7.26", "0.45"),
    4: ("3.5", "1.0", "1.72", "1.22", "7.37", "0.45"),
    8: ("3.0", "1.5", "1.45", "1.20", "7.98", "0.46"),
    16: ("3.0", "2.0", "1.38", "1.19", "8.24", "0.46"),
}

# Table 3, AudioCaps at 44.1 kHz: omega, nu, FD_openl3, KL_passt, CLAP.
TABLE_3 = {
    40: ("5.0", "-", "72.34", "1.74", "0.36"),
    1: ("5.0", "1.0", "84.07", "1.74", "0.36"),
    2: ("5.0", "1.0", "79.96", "1.61", "0.38"),
    4: ("5.0", "1.0", "83.14", "1.57", "0.37"),
    8: ("5.0", "5.0", "79.05", "1.29", "0.40"),
    16: ("5.0", "5.0", "72.24", "1.27", "0.42"),
}

# Table 6, 16 kHz: FAD_vgg, KL_passt, IS_passt, CLAP by (with GAN, steps), and memory in MiB for two clips per GPU.
TABLE_6 = {
    (False, 2): ("2.43", "1.29", "7.50", "0.42"),
    (False, 4): ("2.28", "1.21", "7.63", "0.43"),
    (True, 2): ("2.91", "1.37", "6.29", "0.37"),
    (True, 4): ("2.37", "1.35", "7.53", "0.41"),
}
TABLE_6_MIB = {False: "46782", True: "64492"}

# Table 7: CLAP-LPAPS between 1-step and 16-step samples, mean and standard deviation over samples.
TABLE_7 = {
    "reconstruction": "2.55 ± 0.39",
    "gamma 0": "3.34 ± 0.74",
    "gamma 0.2": "5.21 ± 0.57",
    "gamma 0.5": "5.21 ± 0.56",
    "gamma 1": "5.34 ± 0.65",
    "reference": "6.07 ± 0.41",
}

# Table 11, AudioCaps at 44.1 kHz: nu, FD_openl3, KL_passt, CLAP by (with DSM, steps); omega is 5.
TABLE_11 = {
    (False, 1): ("1.0", "77.9", "1.74", "0.35"),
    (False, 8): ("5.0", "93.6", "2.28", "0.28"),
    (False, 16): ("5.0", "108.7", "2.60", "0.23"),
    (True, 1): ("1.0", "77.4", "1.70", "0.35"),
    (True, 8): ("5.0", "68.1", "1.29", "0.40"),
    (True, 16): ("5.0", "65.6", "1.22", "0.42"),
}

# Table 12, AudioCaps at 44.1 kHz: nu, FD_openl3, KL_passt, CLAP by (distance, steps); omega is 5. "Without d_teacher"
# does not say which l2: Table 13's 1 step without is Table 1's l2 at s.
TABLE_12 = {
    ("l2_s", 1): ("1.0", "77.8", "1.67", "0.36"),
    ("l2_s", 8): ("5.0", "79.6", "1.58", "0.35"),
    ("l2_s", 16): ("5.0", "69.2", "1.28", "0.41"),
    ("d_teacher", 1): ("1.0", "77.4", "1.70", "0.35"),
    ("d_teacher", 8): ("5.0", "68.1", "1.29", "0.40"),
    ("d_teacher", 16): ("5.0", "65.6", "1.22", "0.42"),
}

# Table 13, AudioCaps at 16 kHz: omega, nu, FAD_vgg, KL_passt, IS_passt, CLAP by (distance, steps). Its 1 step with
# d_teacher has another IS and CLAP than Table 1.
TABLE_13 = {
    ("l2_s", 1): ("3.5", "1.0", "2.45", "1.28", "6.83", "0.42"),
    ("l2_s", 8): ("3.0", "1.5", "1.64", "1.23", "7.56", "0.44"),
    ("l2_s", 16): ("3.0", "2.0", "1.62", "1.23", "7.16", "0.44"),
    ("d_teacher", 1): ("3.0", "1.0", "2.17", "1.27", "6.83", "0.42"),
    ("d_teacher", 8): ("3.0", "1.5", "1.51", "1.21", "8.08", "0.46"),
    ("d_teacher", 16): ("3.0", "2.0", "1.37", "1.23", "8.31", "0.46"),
}
